"""Made-up companies: every domain has one, the same each time, but for those that nobody knows."""

from __future__ import annotations

import hashlib
import random
from typing import Any

SIZES = (
    (10, "1-10"),
    (50, "11-50"),
    (200, "51-200"),
    (500, "201-500"),
    (1_000, "501-1000"),
    (5_000, "1001-5000"),
    (10_000, "5001-10000"),
)
LARGEST_SIZE = "10001+"
REVENUES = ("$0-$1M", "$1M-$10M", "$10M-$25M", "$25M-$50M", "$50M-$100M", "$100M-$250M", "$250M-$500M")
INDUSTRIES = ("computer software", "hospital & health care", "machinery", "retail", "financial services", "insurance")
TYPES = ("private", "public", "nonprofit", "government", "educational")
PLACES = (("germany", "europe"), ("portugal", "europe"), ("united states", "north america"), ("japan", "asia"))
TAGS = ("b2b", "cloud", "data", "e-commerce", "logistics", "manufacturing", "saas", "security")


def company(domain: str) -> dict[str, Any]:
    """Return the profile of the company at ``domain``, in the form of an answer without ``status``."""
    draw = random.Random(hashlib.sha256(domain.encode()).hexdigest())
    employees = int(10 ** draw.uniform(0.5, 4.3))
    country, continent = draw.choice(PLACES)
    name = domain.partition(".")[0]
    return {
        "id": hashlib.sha256(domain.encode()).hexdigest()[:28],
        "name": name,
        "display_name": name.title(),
        "size": next((label for most, label in SIZES if employees <= most), LARGEST_SIZE),
        "employee_count": employees,
        "founded": draw.randint(1950, 2024),
        "industry": draw.choice(INDUSTRIES),
        "inferred_revenue": REVENUES[min(len(REVENUES) - 1, employees // 50)],
        "location": {"name": country, "country": country, "continent": continent, "locality": None},
        "type": draw.choice(TYPES),
        "tags": sorted(draw.sample(TAGS, 3)),
        "website": domain,
        "ticker": None,
        "likelihood": draw.randint(6, 10),
    }


def is_known(domain: str) -> bool:
    """Tell whether the vendor has a profile: three of four domains."""
    return hashlib.sha256(domain.encode()).digest()[0] % 4 != 0
