"""``connector demo``: the whole product on one machine, against a sandbox CRM."""
