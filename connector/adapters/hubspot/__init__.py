"""HubSpot: contacts are the records, deals and lifecycle stages the conversions."""
