"""The REST API from Python. Needs nothing of the product but this folder, and ``requests``.

from connector.client import Client

with Client("https://scores.example.com", "lsk_…") as api:
for lead in api.search(tier="High-Intent"):
print(lead.name, lead.score)
"""

from connector.client.answers import (
    Absent,
    Asked,
    Brought,
    Changes,
    Channel,
    Channels,
    Comparison,
    Concept,
    Contribution,
    Conversion,
    Cost,
    Erasure,
    Given,
    Held,
    Lead,
    Model,
    PastScore,
    Progress,
    Reasons,
    Receipt,
    RecordName,
    Refused,
    Score,
    Scores,
    SetByHand,
    Side,
    WhatIf,
)
from connector.client.client import Client
from connector.client.transport import ApiError, Unreachable

__all__ = [
    "Absent",
    "ApiError",
    "Asked",
    "Brought",
    "Changes",
    "Channel",
    "Channels",
    "Client",
    "Comparison",
    "Concept",
    "Contribution",
    "Conversion",
    "Cost",
    "Erasure",
    "Given",
    "Held",
    "Lead",
    "Model",
    "PastScore",
    "Progress",
    "Reasons",
    "Receipt",
    "RecordName",
    "Refused",
    "Score",
    "Scores",
    "SetByHand",
    "Side",
    "Unreachable",
    "WhatIf",
]
