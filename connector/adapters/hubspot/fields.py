"""HubSpot's property definitions → field definitions, by tables.

The groups are those of HubSpot's default contact properties; what an admin made is
neither system nor personal unless its name says so.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet

from connector.adapters.hubspot.mapping import COMPANY_PREFIX
from connector.adapters.hubspot.values import Json, rows
from connector.records import FieldDefinition, FieldRole, FieldType

TYPES = {
    "number": FieldType.NUMBER,
    "date": FieldType.DATE,
    "datetime": FieldType.DATE,
    "bool": FieldType.BOOLEAN,
    "enumeration": FieldType.CATEGORY,
    "string": FieldType.TEXT,
    "phone_number": FieldType.TEXT,
    "object_coordinates": FieldType.TEXT,
    "json": FieldType.TEXT,
}
"""HubSpot's ``type`` → ours; an unknown one is read as text."""

LONGEST_NAME = 250
"""Characters; HubSpot itself allows a hundred."""

FIELD_TYPES = {"checkbox": FieldType.MULTI, "booleancheckbox": FieldType.BOOLEAN}
"""HubSpot's ``fieldType``, where it says more than ``type``."""

SYSTEM = re.compile(
    "|".join(
        (
            # stage and status, with their calculated dates and durations
            r"lifecyclestage|hs_lead_status|hs_pipeline|hs_is_unworked|hs_prospecting_agent_.*",
            r"hs_lifecyclestage_.*_date|hs_(v2_)?(date_(entered|exited)|(cumulative_|latest_)?time_in)_.*",
            # ownership: who works a lead is decided by how well it goes
            r"hubspot_owner_.*|hubspot_team_id|hs_all_.*|hs_user_ids_of_.*|hs_created_by_user_id|hs_updated_by_user_id",
            # deals rolled up on the contact or company
            r"num_associated_deals|first_deal_created_date|recent_deal_.*|total_revenue|days_to_close|closedate.*",
            r"hs_num_open_deals|hs_total_deal_value|hs_analytics_revenue|hs_recent_closed_order_date",
            # what sellers did, which they do more of as a deal nears
            r"num_notes|num_contacted_notes|notes_.*|hs_last_sales_activity_.*|hs_sales_email_.*|hs_sequences_.*",
            r"engagements_last_meeting_.*|hs_latest_meeting_activity|hs_latest_sequence_.*|hs_last_(logged|booked)_.*",
            r"hs_time_to_first_engagement|hs_time_to_move_.*|hs_time_between_.*|hs_first_(engagement|outreach)_.*",
            # HubSpot's own scores: peers to compare with, not inputs
            r"hubspotscore|hs_predictive.*",
            # marks of any change
            r"lastmodifieddate|hs_lastmodifieddate|hs_object_source_.*id|hs_merged_object_ids|hs_calculated_merged_vids",
        )
    )
)

PERSONAL = re.compile(
    r"firstname|lastname|salutation|hs_full_name_.*|email|hs_additional_emails|work_email|hs_email_customer_.*"
    r"|phone|mobilephone|fax|hs_(searchable_)?calculated_(phone|mobile)_.*|hs_whatsapp_phone_number|hs_searchable_.*"
    r"|address|city|zip|date_of_birth|twitterhandle|linkedinbio|hs_linkedin_url|hs_facebookid|hs_googleplusid|photo"
    r"|hs_avatar_.*|ip_(city|latlon|zipcode)|hs_ip_.*|hs_object_id|hs_unique_creation_key|associatedcompanyid|hs_latitude|hs_longitude"
    r"|message|hs_analytics_first_url|hs_analytics_last_url"
)

COMPANY_PERSONAL = re.compile(r"name|domain|website|phone|address2?|zip|hs_object_id|hs_additional_domains|hs_logo_url")

ROLES = {
    "firstname": FieldRole.FIRST_NAME,
    "lastname": FieldRole.LAST_NAME,
    "jobtitle": FieldRole.JOB_TITLE,
    "company": FieldRole.COMPANY_NAME,
    "lifecyclestage": FieldRole.STAGE,
    "hs_lead_status": FieldRole.LEAD_STATUS,
    "hs_email_optout": FieldRole.OPTED_OUT,
    "hs_email_bad_address": FieldRole.BOUNCED,
    "hs_email_hard_bounce_reason_enum": FieldRole.BOUNCED,
    "hs_analytics_source": FieldRole.SOURCE,
    "hubspot_owner_id": FieldRole.OWNER,
}

HARD_BOUNCE = "hs_email_hard_bounce_reason_enum"
"""Filled with one of many reasons once mail to the person bounced for good; any of them excludes."""

EXCLUDES: Mapping[str, Mapping[str, str]] = {
    "lifecyclestage": {"customer": "customer", "evangelist": "customer"},
    "hs_lead_status": {"UNQUALIFIED": "disqualified"},
    "hs_email_optout": {"true": "opted out"},
    "hs_email_bad_address": {"true": "bounced"},
    "hs_email_hard_bounce_reason_enum": dict.fromkeys(
        ("CONTENT", "MAILBOX_FULL", "OTHER", "POLICY", "SPAM", "UNKNOWN_USER"), "bounced"
    ),
}


def readable(raw: Json) -> bool:
    """Tell whether a property may be read without the scopes for sensitive data, which are not asked for.

    Names travel separated by commas: one with a comma, or as long as an address, would spoil the others.
    """
    name = raw.get("name")
    named = isinstance(name, str) and 0 < len(name) <= LONGEST_NAME and name.isprintable() and "," not in name
    return named and raw.get("dataSensitivity", "non_sensitive") == "non_sensitive"


def contact_field(raw: Json, own: AbstractSet[str]) -> FieldDefinition:
    """Return the definition of a contact property; ``own`` are the names of the score fields."""
    name = str(raw["name"])
    return FieldDefinition(
        name,
        str(raw.get("label") or name),
        _type(raw),
        _options(raw),
        system=SYSTEM.fullmatch(name) is not None,
        own=name in own,
        personal=PERSONAL.fullmatch(name) is not None,
        role=ROLES.get(name),
        excludes=_excludes(name, _options(raw)),
    )


def company_field(raw: Json) -> FieldDefinition:
    """Return the definition of a company property, named ``company.…``."""
    name = str(raw["name"])
    return FieldDefinition(
        COMPANY_PREFIX + name,
        str(raw.get("label") or name),
        _type(raw),
        _options(raw),
        system=SYSTEM.fullmatch(name) is not None,
        personal=COMPANY_PERSONAL.fullmatch(name) is not None,
        company=True,
    )


def _excludes(name: str, options: Iterable[str]) -> Mapping[str, str]:
    if name == HARD_BOUNCE:
        return dict.fromkeys(options, "bounced")
    return EXCLUDES.get(name, {})


def _type(raw: Json) -> FieldType:
    plain = TYPES.get(str(raw.get("type")), FieldType.TEXT)
    return FIELD_TYPES.get(str(raw.get("fieldType")), plain)


def _options(raw: Json) -> Mapping[str, str]:
    stated = [option for option in rows(raw, "options") if "value" in option]
    return {str(option["value"]): str(option.get("label") or option["value"]) for option in stated}
