"""The records that every org has from its first day: users, a queue, the org itself, its statuses and stages."""

from __future__ import annotations

from connector.sandbox.salesforce.definitions import LEAD_STATUSES, STAGES
from connector.sandbox.salesforce.hub import Hub
from connector.sandbox.salesforce.schema import Value


def set_up(hub: Hub) -> None:
    """Load them."""
    people, org = hub.people, hub.org
    names = {
        people.admin: ("Ada", "Admin"),
        people.integration: ("Integration", "User"),
        people.seller: ("Sam", "Seller"),
        people.second_seller: ("Sue", "Seller"),
    }
    zone = {"TimeZoneSidKey": org.time_zone, "LanguageLocaleKey": "en_US"}
    for user_id, (first, last) in names.items():
        email = f"{first}.{last}@example.com".lower()
        named = {"Username": email, "FirstName": first, "LastName": last, "Name": f"{first} {last}", "Email": email}
        rest: dict[str, Value] = {"IsActive": True, "UserType": "Standard", "LocaleSidKey": "en_US"}
        _load(hub, "User", {**named, **zone, **rest}, user_id)
    queue = {"Name": "New leads", "DeveloperName": "New_leads", "Type": "Queue"}
    _load(hub, "Group", {**queue}, people.queue)
    own = {"Name": org.name, "OrganizationType": org.edition, "InstanceName": "GK1", "DefaultLocaleSidKey": "en_US"}
    _load(hub, "Organization", {**own, **zone, "IsSandbox": org.sandbox, "NamespacePrefix": None}, org.org_id)
    _set_up_statuses(hub)


def _set_up_statuses(hub: Hub) -> None:
    for order, (name, default, converted) in enumerate(LEAD_STATUSES, 1):
        status: dict[str, Value] = {"MasterLabel": name, "ApiName": name, "SortOrder": order}
        _load(hub, "LeadStatus", {**status, "IsDefault": default, "IsConverted": converted})
    for order, (name, chance, closed, won, category, label) in enumerate(STAGES, 1):
        stage: dict[str, Value] = {"MasterLabel": name, "ApiName": name, "SortOrder": order, "IsActive": True}
        worth: dict[str, Value] = {"IsClosed": closed, "IsWon": won, "DefaultProbability": chance}
        labels = {"ForecastCategory": category, "ForecastCategoryName": label}
        _load(hub, "OpportunityStage", {**stage, **worth, **labels})


def _load(hub: Hub, object_name: str, values: dict[str, Value], row_id: str | None = None) -> None:
    known, now = row_id or hub.new_id(object_name), hub.now_ms()
    stamps: dict[str, Value] = {
        "Id": known,
        "CreatedDate": now,
        "CreatedById": hub.people.admin,
        "LastModifiedDate": now,
        "LastModifiedById": hub.people.admin,
        "SystemModstamp": now,
    }
    hub.tables[object_name].load([(known, {**values, **stamps})])
