"""Which CRMs there are. The only module outside a vendor's folder that names one."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from connector.adapters.contract import AppCredentials, CrmApp
from connector.adapters.hubspot.app import HubSpotApp
from connector.adapters.mailchimp.app import MailchimpApp
from connector.adapters.salesforce.app import SalesforceApp
from connector.errors import SettingsError

AppFactory = Callable[[AppCredentials], CrmApp]

REGISTRY: Mapping[str, AppFactory] = {
    "hubspot": HubSpotApp,
    "mailchimp": MailchimpApp,
    "salesforce": SalesforceApp,
}


def build(name: str, credentials: AppCredentials) -> CrmApp:
    """Return the app of the vendor called ``name``; raise ``SettingsError`` for an unknown one."""
    factory = REGISTRY.get(name)
    if factory is None:
        raise SettingsError(f"There is no adapter for the CRM {name!r}; known are: {', '.join(sorted(REGISTRY))}.")
    return factory(credentials)
