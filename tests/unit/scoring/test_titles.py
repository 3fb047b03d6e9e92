"""Real-life titles in seven languages: seniority, functions and role of each, and the page that says so."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.features.titles import ENDINGS, FUNCTION, LEVELS, ROLES, codes, holds, looks_like_titles, read_title

PAGE = Path(__file__).resolve().parents[3] / "docs" / "titles.md"

TITLES = """
Chief Executive Officer | C-level | | Insight
CEO & Co-Founder | C-level | | Insight
VP Sales, EMEA | VP | Sales | Insight
Vice President of Engineering | VP | Technology | Insight
Managing Director | C-level | | Insight
President | C-level | | Insight
Owner | C-level | | Insight
Director of Marketing | Director | Marketing | Insight
Head of Procurement | Director | Procurement | Insight
Chief of Staff | Director | | Insight
General Counsel | Specialist | Legal | Information
Product Owner | Specialist | Product | Information
Senior Software Engineer | Specialist | Technology | Information
Data Scientist | Specialist | Technology, Research | Information
IT Manager | Manager | Technology | Interaction
Account Executive | Specialist | Sales | Interaction
HR Business Partner | | People | Interaction
Customer Success Manager | Manager | Service | Interaction
Marketing Intern | Junior | Marketing | Interaction
Assistant to the CEO | Junior | | Information
Executive Assistant | Junior | | Information
Junior Accountant | Junior | Finance | Information
Innovation Analyst | Specialist | Strategy | Insight
Plant Manager | Manager | Operations | Interaction
Controller | Specialist | Finance | Information
Strategic Buyer | Specialist | Procurement, Strategy | Insight
R&D Engineer | Specialist | Technology, Research | Information
Geschäftsführer | C-level | | Insight
Geschäftsführerin | C-level | | Insight
Mitglied des Vorstands / Vorstand Finanzen | C-level | Finance | Insight
Leiter Vertrieb | Director | Sales | Insight
Vertriebsleiterin | Director | Sales | Insight
IT-Leiter | Director | Technology | Insight
Leitung Einkauf | Director | Procurement | Insight
Teamleiter Kundenservice | Manager | Service | Interaction
Sachbearbeiterin Buchhaltung | Specialist | Finance | Information
Softwareentwickler | Specialist | Technology | Information
Personalreferentin | Specialist | People | Interaction
Werkstudent Marketing | Junior | Marketing | Interaction
Assistentin der Geschäftsleitung | Junior | | Information
Prokurist | Director | | Insight
Président Directeur Général | C-level | | Insight
PDG | C-level | | Insight
Directrice commerciale | Director | Sales | Insight
Responsable des achats | Manager | Procurement | Interaction
Chef de projet informatique | Manager | Technology | Interaction
Chargée de communication | Specialist | Marketing | Interaction
Ingénieur d'études | Specialist | Technology | Information
Stagiaire RH | Junior | People | Interaction
Assistante de direction | Junior | | Information
Director General | C-level | | Insight
Jefa de compras | Manager | Procurement | Interaction
Gerente de ventas | Manager | Sales | Interaction
Directora de Recursos Humanos | Director | People | Insight
Ingeniero de producción | Specialist | Technology, Operations | Information
Becaria de marketing | Junior | Marketing | Interaction
Diretor-Geral | C-level | | Insight
Sócio-gerente | C-level | | Insight
Diretora Financeira | Director | Finance | Insight
Analista de compras | Specialist | Procurement | Interaction
Estagiário | Junior | | Information
Amministratore Delegato | C-level | | Insight
Responsabile acquisti | Manager | Procurement | Interaction
Direttrice vendite | Director | Sales | Insight
Impiegata contabile | Specialist | Finance | Information
Algemeen directeur | C-level | | Insight
Hoofd inkoop | Director | Procurement | Insight
Medewerker klantenservice | Specialist | Service | Interaction
Retired | | |
""".strip().splitlines()


@pytest.mark.parametrize("line", TITLES)
def test_titles_of_real_life(line: str) -> None:
    title, level, functions, part = (cell.strip() for cell in line.split("|"))
    found = read_title(title)
    assert (found.seniority or "", ", ".join(found.functions), found.role or "") == (level, functions, part)


def test_codes_say_of_each_row_what_its_title_says() -> None:
    """Any number of rows, titles more than once, none among them."""
    titles = ["CEO", None, "Marketing Intern", "CEO", "Retired"]
    frame = pl.DataFrame({"title": titles}, schema={"title": pl.String}).select(code=codes(pl.Series(titles)))
    told = frame.select(holds(pl.col("code"), ending).alias(ending) for ending in ENDINGS).rows(named=True)
    assert [{ending for ending in ENDINGS if row[ending]} for row in told] == [
        {"seniority=C-level", "role=Insight"},
        set(),
        {"seniority=Junior", "function=Marketing", "role=Interaction"},
        {"seniority=C-level", "role=Insight"},
        set(),
    ]
    assert codes(pl.Series([None] * 100, dtype=pl.String)).to_list() == [0] * 100
    many = pl.Series(titles * 50)
    assert codes(many).to_list() == codes(many.head(5)).to_list() * 50


@given(st.text(max_size=60))
def test_any_text_has_one_level_and_one_role_of_the_table_or_none(title: str) -> None:
    """Whatever people type, in whatever case."""
    found = read_title(title)
    assert found.seniority is None or found.seniority in LEVELS
    assert found.role is None or found.role in ROLES
    assert found.seniority is None or found.role is not None


def test_a_field_is_known_by_its_values() -> None:
    """Stages and plans are no titles."""
    assert looks_like_titles(pl.Series([line.partition("|")[0] for line in TITLES]))
    assert not looks_like_titles(pl.Series(["lead", "customer", "subscriber", "opportunity", "other"]))


def test_the_page_holds_the_table() -> None:
    """Each level, function and role is explained under its name."""
    page = PAGE.read_text("utf-8")
    for name in (*LEVELS, *FUNCTION, *ROLES):
        assert f"| {name} |" in page, name
