"""The property definitions that every portal has, as a table: one line a property."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

CHOICES = {
    "@stages": "subscriber:Subscriber;lead:Lead;marketingqualifiedlead:Marketing Qualified Lead;"
    "salesqualifiedlead:Sales Qualified Lead;opportunity:Opportunity;customer:Customer;evangelist:Evangelist;"
    "other:Other",
    "@statuses": "NEW:New;OPEN:Open;IN_PROGRESS:In Progress;OPEN_DEAL:Open Deal;UNQUALIFIED:Unqualified;"
    "ATTEMPTED_TO_CONTACT:Attempted to Contact;CONNECTED:Connected;BAD_TIMING:Bad Timing",
    "@sources": "ORGANIC_SEARCH:Organic Search;PAID_SEARCH:Paid Search;EMAIL_MARKETING:Email Marketing;"
    "SOCIAL_MEDIA:Organic Social;REFERRALS:Referrals;OTHER_CAMPAIGNS:Other Campaigns;"
    "DIRECT_TRAFFIC:Direct Traffic;OFFLINE:Offline Sources;PAID_SOCIAL:Paid Social",
    "@industries": "COMPUTER_SOFTWARE:Computer Software;MACHINERY:Machinery;RETAIL:Retail;"
    "HOSPITAL_HEALTH_CARE:Hospital & Health Care;FINANCIAL_SERVICES:Financial Services;"
    "EDUCATION_MANAGEMENT:Education Management;CONSTRUCTION:Construction;"
    "LOGISTICS_AND_SUPPLY_CHAIN:Logistics and Supply Chain",
}
"""Options that several properties share, as ``value:label`` joined by semicolons."""

_CONTACTS = """
email|Email|string/text
firstname|First Name|string/text
lastname|Last Name|string/text
jobtitle|Job Title|string/text
company|Company Name|string/text
phone|Phone Number|string/phonenumber
country|Country/Region|string/text
industry|Industry|string/text
numemployees|Number of Employees|number/number
annualrevenue|Annual Revenue|string/text
lifecyclestage|Lifecycle Stage|enumeration/radio||@stages
hs_lead_status|Lead Status|enumeration/radio||@statuses
hubspot_owner_id|Contact owner|enumeration/select
hs_analytics_source|Original Traffic Source|enumeration/select|ro|@sources
hs_analytics_num_page_views|Number of Pageviews|number/number|calc
hs_analytics_first_timestamp|Time First Seen|datetime/date|ro
num_conversion_events|Number of Form Submissions|number/number|calc
first_conversion_date|First Conversion Date|datetime/date|calc
recent_conversion_date|Recent Conversion Date|datetime/date|calc
hs_email_delivered|Marketing emails delivered|number/number|calc
hs_email_open|Marketing emails opened|number/number|calc
hs_email_click|Marketing emails clicked|number/number|calc
hs_email_optout|Unsubscribed from all email|bool/booleancheckbox|ro
hs_email_bounce|Marketing emails bounced|number/number|calc
hs_email_hard_bounce_reason_enum|Email hard bounce reason|enumeration/select|ro|UNKNOWN_USER:Unknown user;OTHER:Other
hs_email_domain|Email Domain|string/text|calc
hs_additional_emails|Additional email addresses|enumeration/checkbox|ro
hs_merged_object_ids|Merged record IDs|enumeration/checkbox|ro
hs_calculated_merged_vids|Merged vids with timestamps of a contact|string/text|calc
num_associated_deals|Number of Associated Deals|number/number|calc
first_deal_created_date|First Deal Created Date|datetime/date|calc
recent_deal_amount|Recent Deal Amount|number/number|calc
recent_deal_close_date|Recent Deal Close Date|datetime/date|calc
closedate|Close Date|datetime/date
hs_lifecyclestage_lead_date|Became a Lead Date|datetime/date|calc
hs_lifecyclestage_customer_date|Became a Customer Date|datetime/date|calc
associatedcompanyid|Primary Associated Company ID|number/number|ro
hs_object_source|Record source|enumeration/select|ro|CRM_UI:CRM UI;FORM:Form;IMPORT:Import;INTEGRATION:Integration
hs_object_source_label|Record source label|string/text|ro
createdate|Create Date|datetime/date|ro
lastmodifieddate|Last Modified Date|datetime/date|ro
hs_lastmodifieddate|Last Modified|datetime/date|ro
hs_object_id|Record ID|number/number|ro
"""

_COMPANIES = """
name|Company name|string/text
domain|Company Domain Name|string/text
industry|Industry|enumeration/select||@industries
numberofemployees|Number of Employees|number/number
annualrevenue|Annual Revenue|number/number
country|Country/Region|string/text
lifecyclestage|Lifecycle Stage|enumeration/radio||@stages
createdate|Create Date|datetime/date|ro
hs_lastmodifieddate|Last Modified Date|datetime/date|ro
hs_object_id|Record ID|number/number|ro
"""

_DEALS = """
dealname|Deal Name|string/text
dealstage|Deal Stage|enumeration/radio
pipeline|Pipeline|enumeration/select||default:Sales Pipeline
amount|Amount|number/number
closedate|Close Date|datetime/date
hs_is_closed|Is Deal Closed?|bool/booleancheckbox|calc
hs_is_closed_won|Is Closed Won|bool/booleancheckbox|calc
hs_deal_stage_probability|Deal probability|number/number|calc
createdate|Create Date|datetime/date
hs_lastmodifieddate|Last Modified Date|datetime/date|ro
hs_object_id|Record ID|number/number|ro
"""

_ACTIVITY = """
hs_timestamp|Activity date|datetime/date
hs_createdate|Create date|datetime/date|ro
hs_lastmodifieddate|Last Modified Date|datetime/date|ro
hs_object_id|Record ID|number/number|ro
"""

_EMPTY = (
    "communications",
    "feedback_submissions",
    "goal_targets",
    "leads",
    "line_items",
    "postal_mail",
    "products",
    "quotes",
    "tickets",
)

_TABLES: dict[str, str] = {
    "contacts": _CONTACTS,
    "companies": _COMPANIES,
    "deals": _DEALS,
    "emails": _ACTIVITY
    + """
hs_email_direction|Email Direction|enumeration/select||EMAIL:Email;INCOMING_EMAIL:Incoming;FORWARDED_EMAIL:Forwarded
hs_email_status|Email Send Status|enumeration/select||BOUNCED:Bounced;FAILED:Failed;SENDING:Sending;SENT:Sent
hs_email_subject|Email Subject|string/text
""",
    "calls": _ACTIVITY
    + """
hs_call_direction|Call direction|enumeration/select||INBOUND:Inbound;OUTBOUND:Outbound
hs_call_duration|Call duration|number/number
hs_call_status|Call status|enumeration/select||COMPLETED:Completed;NO_ANSWER:No answer;BUSY:Busy
""",
    "meetings": _ACTIVITY
    + """
hs_meeting_outcome|Outcome|enumeration/select||SCHEDULED:Scheduled;COMPLETED:Completed;NO_SHOW:No show;CANCELED:Canceled
hs_meeting_start_time|Start time|datetime/date
hs_meeting_end_time|End time|datetime/date
hs_meeting_title|Title|string/text
""",
    "notes": _ACTIVITY,
    "tasks": _ACTIVITY
    + """
hs_task_status|Task status|enumeration/select||NOT_STARTED:Not started;COMPLETED:Completed
hs_task_type|Task type|enumeration/select||TODO:To-do;CALL:Call;EMAIL:Email
""",
    # Every portal knows these types too. Here nobody fills them, but clients ask for their definitions.
    **dict.fromkeys(_EMPTY, _ACTIVITY),
}

GROUPS = {
    "contacts": ("contactinformation", "Contact information"),
    "companies": ("companyinformation", "Company information"),
    "deals": ("dealinformation", "Deal information"),
}

DEFAULT_PROPERTIES: dict[str, tuple[str, ...]] = {
    "contacts": ("createdate", "email", "firstname", "hs_object_id", "lastmodifieddate", "lastname"),
    "companies": ("createdate", "domain", "hs_lastmodifieddate", "hs_object_id", "name"),
    "deals": (
        "amount",
        "closedate",
        "createdate",
        "dealname",
        "dealstage",
        "hs_lastmodifieddate",
        "hs_object_id",
        "pipeline",
    ),
}
ACTIVITY_DEFAULTS = ("hs_createdate", "hs_lastmodifieddate", "hs_object_id")
"""What comes back where a request names no properties."""

OBJECT_TYPES = tuple(_TABLES)


def group_of(object_type: str) -> tuple[str, str]:
    """Return name and label of the group that HubSpot's own properties of a type are in."""
    return GROUPS.get(object_type, ("engagement", "Activity information"))


def option(value: str, label: str, position: int) -> dict[str, Any]:
    """Return one option of an enumeration."""
    return {"label": label, "value": value, "displayOrder": position, "hidden": False, "description": ""}


def built_in(object_type: str) -> Iterator[dict[str, Any]]:
    """Yield HubSpot's own property definitions of a type, in the wire's shape."""
    for line in _TABLES[object_type].strip().splitlines():
        if not line:
            continue
        name, label, kinds, flag, choices = [*line.split("|"), "", ""][:5]
        type_, _, field_type = kinds.partition("/")
        yield definition(
            name=name,
            label=label,
            type_=type_,
            field_type=field_type,
            group=group_of(object_type)[0],
            options=_options(choices),
            flags=frozenset({"built_in", flag} - {""}),
        )


def _options(choices: str) -> list[dict[str, Any]]:
    pairs = [choice.partition(":") for choice in CHOICES.get(choices, choices).split(";") if ":" in choice]
    return [option(value, label, place) for place, (value, _, label) in enumerate(pairs)]


def definition(
    *,
    name: str,
    label: str,
    type_: str,
    field_type: str,
    group: str,
    options: list[dict[str, Any]],
    flags: frozenset[str] = frozenset(),
) -> dict[str, Any]:
    """Return a property definition in the wire's shape. ``flags``: built_in, ro (read-only), calc (calculated)."""
    read_only = bool(flags & {"ro", "calc"})
    own = "built_in" in flags
    return {
        "name": name,
        "label": label,
        "type": type_,
        "fieldType": field_type,
        "description": "",
        "groupName": group,
        "options": options,
        "displayOrder": -1,
        "calculated": "calc" in flags,
        "externalOptions": False,
        "hasUniqueValue": False,
        "hidden": False,
        "hubspotDefined": own,
        "formField": not read_only,
        "dataSensitivity": "non_sensitive",
        "archived": False,
        "modificationMetadata": {
            "archivable": not own,
            "readOnlyDefinition": own,
            "readOnlyOptions": own,
            "readOnlyValue": read_only,
        },
    }
