"""Two requests of one browser at the same time: one visitor, one person, no event lost."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from tests.services.tracking.visits import Visits, identify, page

MAIL = "ana@firm.com"


def test_requests_that_meet_make_one_visitor(made: Visits) -> None:
    """Whichever comes first; eight requests of a new visitor, half of them saying who it is."""
    made.read(1, MAIL)

    def send(number: int) -> None:
        told = [identify(100 + number, MAIL)] if number % 2 else []
        made.send(page(number, f"/{number}"), *told)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(send, range(8)))
    assert len(made.visitors()) == 1
    assert [what for _, what, *_ in made.told()] == [f"/{number}" for number in range(8)]


def test_two_people_who_meet_at_one_browser_are_two(made: Visits) -> None:
    """Each told at the same instant: nobody gets lost, nobody becomes the other."""
    people = ["ana@firm.com", "ben@firm.com", "eva@firm.com"]
    for number, mail in enumerate(people):
        made.read(number, mail)

    def send(number: int) -> None:
        made.send(identify(100 + number, people[number]), page(number, f"/{number}"))

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(send, range(3)))
    assert [(who, what) for who, what, *_ in made.told()] == [
        ("ana@firm.com", "/0"),
        ("ben@firm.com", "/1"),
        ("eva@firm.com", "/2"),
    ]
