"""The standard objects and their fields, one field a line, as the object reference lists them (version 68.0).

``Name type(size) flags``. Size is a text's length, or a number's precision and scale. Flags:
``required``; ``once`` (set at creation only); ``system`` (never written by a client); ``nofilter``;
``-> Object.Relationship`` for a reference, ``|`` between objects where it may be one of several; ``= a|b`` the values
of a picklist.
"""

from __future__ import annotations

SOURCES = "Web|Phone Inquiry|Referral|Organic Search|Direct|Paid Search|Email|Event|Social|Paid Social|Other"
INDUSTRIES = (
    "Agriculture|Banking|Construction|Consulting|Education|Energy|Finance|Government|Healthcare|Hospitality|Insurance|"
    "Machinery|Manufacturing|Media|Retail|Technology|Telecommunications|Transportation|Other"
)

STAMPS = """
Id id system
IsDeleted boolean system
CreatedDate datetime system
CreatedById reference system -> User.CreatedBy
LastModifiedDate datetime system
LastModifiedById reference system -> User.LastModifiedBy
SystemModstamp datetime system
"""

NO_BIN = STAMPS.replace("IsDeleted boolean system\n", "")

PERSON = """
LastName string(80) required
FirstName string(40)
Salutation picklist = Mr.|Ms.|Mrs.|Dr.|Prof.
Name string(121) system
Title string(128)
Email email(80)
Phone phone(40)
MobilePhone phone(40)
LeadSource picklist = SOURCES
Description textarea(32000) nofilter
HasOptedOutOfEmail boolean
EmailBouncedDate datetime
EmailBouncedReason string(255)
LastActivityDate date system
MasterRecordId reference system
"""

LEAD = (
    STAMPS
    + PERSON.replace("MasterRecordId reference system", "MasterRecordId reference system -> Lead.MasterRecord")
    + """
Company string(255) required
Website url(255)
Street textarea(255)
City string(40)
State string(80)
PostalCode string(20)
Country string(80)
Address address system
Status picklist required = Open - Not Contacted|Working - Contacted|Closed - Converted|Closed - Not Converted
Industry picklist = INDUSTRIES
Rating picklist = Hot|Warm|Cold
AnnualRevenue currency(18,0)
NumberOfEmployees int(8,0)
OwnerId reference -> User|Group.Owner
IsConverted boolean system
ConvertedDate date system
ConvertedAccountId reference system -> Account.ConvertedAccount
ConvertedContactId reference system -> Contact.ConvertedContact
ConvertedOpportunityId reference system -> Opportunity.ConvertedOpportunity
IsUnreadByOwner boolean
"""
)

CONTACT = (
    STAMPS
    + PERSON.replace("MasterRecordId reference system", "MasterRecordId reference system -> Contact.MasterRecord")
    + """
AccountId reference -> Account.Account
MailingStreet textarea(255)
MailingCity string(40)
MailingState string(80)
MailingPostalCode string(20)
MailingCountry string(80)
MailingAddress address system
Department string(80)
Birthdate date
ReportsToId reference -> Contact.ReportsTo
OwnerId reference -> User.Owner
"""
)

ACCOUNT = (
    STAMPS
    + """
MasterRecordId reference system -> Account.MasterRecord
Name string(255) required
Type picklist = Prospect|Customer - Direct|Partner|Other
Website url(255)
Industry picklist = INDUSTRIES
AnnualRevenue currency(18,0)
NumberOfEmployees int(8,0)
BillingStreet textarea(255)
BillingCity string(40)
BillingState string(80)
BillingPostalCode string(20)
BillingCountry string(80)
BillingAddress address system
Description textarea(32000) nofilter
OwnerId reference -> User.Owner
LastActivityDate date system
"""
)

OPPORTUNITY = (
    STAMPS
    + """
Name string(120) required
AccountId reference -> Account.Account
StageName picklist required = Prospecting|Qualification|Proposal|Negotiation|Closed Won|Closed Lost
Amount currency(18,2)
Probability percent(3,0)
CloseDate date required
Type picklist = New Customer|Existing Customer
LeadSource picklist = SOURCES
IsClosed boolean system
IsWon boolean system
ForecastCategory picklist system = Omitted|Pipeline|BestCase|Forecast|Closed
ForecastCategoryName picklist = Omitted|Pipeline|Best Case|Commit|Closed
CampaignId reference -> Campaign.Campaign
ContactId reference once -> Contact.Contact
HasOpportunityLineItem boolean system
Description textarea(32000) nofilter
OwnerId reference -> User.Owner
LastActivityDate date system
LastStageChangeDate datetime system
"""
)

OPPORTUNITY_CONTACT_ROLE = (
    STAMPS
    + """
OpportunityId reference once required -> Opportunity.Opportunity
ContactId reference required -> Contact.Contact
Role picklist = Decision Maker|Economic Buyer|Evaluator|Influencer|Other
IsPrimary boolean
"""
)

ACTIVITY = (
    STAMPS
    + """
WhoId reference -> Contact|Lead.Who
WhatId reference -> Account|Opportunity|Campaign.What
Subject string(255)
OwnerId reference -> User|Group.Owner
AccountId reference system -> Account.Account
Description textarea(32000) nofilter
IsArchived boolean system
"""
)

TASK = (
    ACTIVITY
    + """
ActivityDate date
Status picklist required = Not Started|In Progress|Completed|Waiting on someone else|Deferred
Priority picklist required = High|Normal|Low
TaskSubtype picklist once = Task|Email|ListEmail|Cadence|Call|LinkedIn
Type picklist = Call|Email|Meeting|Other
IsClosed boolean system
CompletedDateTime datetime system
CallDurationInSeconds int(8,0)
CallType picklist = Internal|Inbound|Outbound
CallDisposition string(255)
"""
)

EVENT = (
    ACTIVITY
    + """
ActivityDate date
ActivityDateTime datetime
StartDateTime datetime
EndDateTime datetime
DurationInMinutes int(8,0)
IsAllDayEvent boolean
EventSubtype picklist once = Event
Type picklist = Call|Email|Meeting|Other
Location string(255)
"""
)

EMAIL_MESSAGE = (
    STAMPS
    + """
ActivityId reference once -> Task.Activity
RelatedToId reference once -> Account|Opportunity|Campaign.RelatedTo
Subject string(3000)
TextBody textarea(131072) nofilter
FromAddress email(1000)
FromName string(1000)
ToAddress string(4000)
Incoming boolean
MessageDate datetime
Status picklist required = 0|1|2|3|4|5
IsTracked boolean system
IsOpened boolean system
FirstOpenedDate datetime system
LastOpenedDate datetime system
IsBounced boolean system
"""
)

EMAIL_MESSAGE_RELATION = (
    STAMPS
    + """
EmailMessageId reference once required -> EmailMessage.EmailMessage
RelationId reference once -> Contact|Lead|User.Relation
RelationType picklist once required = ToAddress|CcAddress|BccAddress|FromAddress|OtherAddress
RelationAddress string(255) once
"""
)

CAMPAIGN = (
    STAMPS
    + """
Name string(80) required
Type picklist = Email|Webinar|Trade Show|Other
Status picklist = Planned|In Progress|Completed|Aborted
StartDate date
EndDate date
IsActive boolean
OwnerId reference -> User.Owner
"""
)

CAMPAIGN_MEMBER = (
    STAMPS
    + """
CampaignId reference once required -> Campaign.Campaign
LeadId reference once -> Lead.Lead
ContactId reference once -> Contact.Contact
Status picklist = Sent|Opened|Clicked|Responded
HasResponded boolean system
FirstRespondedDate date system
Email email(80) system
Type picklist system = Lead|Contact
"""
)

HISTORY = """
Id id system
IsDeleted boolean system
PARENT
CreatedById reference system -> User.CreatedBy
CreatedDate datetime system
Field picklist system
DataType picklist system
OldValue anyType system nofilter
NewValue anyType system nofilter
"""

OPPORTUNITY_HISTORY = """
Id id system
IsDeleted boolean system
OpportunityId reference system -> Opportunity.Opportunity
CreatedById reference system -> User.CreatedBy
CreatedDate datetime system
StageName picklist system
Amount currency(18,2) system
ExpectedRevenue currency(18,2) system
CloseDate date system
Probability percent(3,0) system
ForecastCategory picklist system
PrevAmount currency(18,2) system
PrevCloseDate date system
SystemModstamp datetime system
"""

USER = (
    NO_BIN
    + """
Username string(80) required
LastName string(80) required
FirstName string(40)
Name string(121) system
Email email(128) required
IsActive boolean
UserType picklist system = Standard|PowerPartner|AutomatedProcess
TimeZoneSidKey picklist required
LocaleSidKey picklist required
LanguageLocaleKey picklist required
"""
)

GROUP = (
    NO_BIN
    + """
Name string(40) required
DeveloperName string(80)
Type picklist once = Regular|Queue|Role
Email email(255)
"""
)

ORGANIZATION = (
    NO_BIN
    + """
Name string(80) system
OrganizationType picklist system
InstanceName string(5) system
IsSandbox boolean system
NamespacePrefix string(15) system
TimeZoneSidKey picklist system
LanguageLocaleKey picklist system
DefaultLocaleSidKey picklist system
"""
)

LEAD_STATUS = (
    NO_BIN
    + """
MasterLabel string(255) system
ApiName string(255) system
SortOrder int(9,0) system
IsDefault boolean system
IsConverted boolean system
"""
)

OPPORTUNITY_STAGE = (
    NO_BIN
    + """
MasterLabel string(255) system
ApiName string(255) system
SortOrder int(9,0) system
IsActive boolean system
IsClosed boolean system
IsWon boolean system
DefaultProbability percent(3,0) system
ForecastCategory picklist system
ForecastCategoryName picklist system
"""
)

PERMISSION_SET = (
    NO_BIN
    + """
Name string(80) required
Label string(80) required
Description string(255)
IsOwnedByProfile boolean system
NamespacePrefix string(15) system
"""
)

PERMISSION_SET_ASSIGNMENT = """
Id id system
PermissionSetId reference once required -> PermissionSet.PermissionSet
AssigneeId reference once required -> User.Assignee
SystemModstamp datetime system
"""

FIELD_PERMISSIONS = """
Id id system
ParentId reference once required -> PermissionSet.Parent
SobjectType picklist once required
Field picklist once required
PermissionsRead boolean
PermissionsEdit boolean
SystemModstamp datetime system
"""


def _history(parent: str, relationship: str) -> str:
    return HISTORY.replace("PARENT", f"{relationship}Id reference system -> {parent}.{relationship}")


FLOW_DEFINITION_VIEW = """
Id id system
DurableId string(255) system
ApiName string(255) system
Label string(255) system
ProcessType picklist system
TriggerType picklist system
IsActive boolean system
ActiveVersionId string(255) system
LatestVersionId string(255) system
NamespacePrefix string(255) system
LastModifiedDate datetime system
"""

OBJECTS = {
    "Account": ACCOUNT,
    "Campaign": CAMPAIGN,
    "CampaignMember": CAMPAIGN_MEMBER,
    "Contact": CONTACT,
    "ContactHistory": _history("Contact", "Contact"),
    "EmailMessage": EMAIL_MESSAGE,
    "EmailMessageRelation": EMAIL_MESSAGE_RELATION,
    "Event": EVENT,
    "FieldPermissions": FIELD_PERMISSIONS,
    "FlowDefinitionView": FLOW_DEFINITION_VIEW,
    "Group": GROUP,
    "Lead": LEAD,
    "LeadHistory": _history("Lead", "Lead"),
    "LeadStatus": LEAD_STATUS,
    "Opportunity": OPPORTUNITY,
    "OpportunityContactRole": OPPORTUNITY_CONTACT_ROLE,
    "OpportunityFieldHistory": _history("Opportunity", "Opportunity"),
    "OpportunityHistory": OPPORTUNITY_HISTORY,
    "OpportunityStage": OPPORTUNITY_STAGE,
    "Organization": ORGANIZATION,
    "PermissionSet": PERMISSION_SET,
    "PermissionSetAssignment": PERMISSION_SET_ASSIGNMENT,
    "Task": TASK,
    "User": USER,
}
"""Object → its fields."""

TOOLING = {
    "CustomField": NO_BIN
    + """
DeveloperName string(40) system
TableEnumOrId picklist system
NamespacePrefix string(15) system
FullName string(255) nofilter
Metadata anyType nofilter
""",
    "Flow": """
Id id system
DefinitionId reference system
MasterLabel string(255) system
Status picklist system
ProcessType picklist system
FullName string(255) nofilter
Metadata anyType nofilter
LastModifiedDate datetime system
""",
}
"""Object of the Tooling API → its fields."""

STAGES = (
    ("Prospecting", 10, False, False, "Pipeline", "Pipeline"),
    ("Qualification", 10, False, False, "Pipeline", "Pipeline"),
    ("Proposal", 75, False, False, "Pipeline", "Pipeline"),
    ("Negotiation", 90, False, False, "Forecast", "Commit"),
    ("Closed Won", 100, True, True, "Closed", "Closed"),
    ("Closed Lost", 0, True, False, "Omitted", "Omitted"),
)
"""Stage, its probability in %, closed, won, forecast category and its label."""

LEAD_STATUSES = (
    ("Open - Not Contacted", True, False),
    ("Working - Contacted", False, False),
    ("Closed - Converted", False, True),
    ("Closed - Not Converted", False, False),
)
"""Status, whether it is the default one, whether it means converted."""

SCORE_FIELDS = {
    "Lead_Score": "double(6,3)",
    "Lead_Score_Probability": "double(7,6)",
    "Lead_Score_Tier": "picklist restricted = High-Intent|Medium|Low",
    "Lead_Score_Reasons": "textarea(4000) nofilter",
    "Lead_Score_Model": "string(100)",
    "Lead_Score_Updated_At": "datetime",
}
"""What the package of the app puts on Lead and Contact; names without namespace and ``__c``."""
