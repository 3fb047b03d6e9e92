"""Job titles read as seniority, function and role, in seven languages. The table for people is docs/titles.md.

A title has at most one seniority (the first rule that fits, from the top), any number of functions, and at most one
role, which follows from the two. Words are whole words in lower case, a line a language (en, de, fr, es, pt, it, nl).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

import polars as pl

LEVELS = ("C-level", "VP", "Director", "Manager", "Specialist", "Junior")


def _words(*languages: str, ends: str = "") -> str:
    """One pattern of whole words, those of a language parted by bars, and of what words may end with."""
    whole = rf"\b({'|'.join(languages)})\b"
    return rf"{whole}|({ends})\b" if ends else whole


_ASSISTING = "assistant|assistante|assistent(in)?|assistente|asistente|secretary|sekretär(in)?|secrétaire|secretári[oa]"
_RULES: tuple[tuple[str, str], ...] = (
    # Who serves somebody has not their rank; who owns a product owns no company.
    ("Junior", _words("(executive|personal|office) assistant")),
    ("Junior", rf"\b({_ASSISTING}|pa|ea) (to|of|der|des|do|da|de|du|del|della|van)\b"),
    ("Specialist", _words("(product|process|data|system|project) owner", "vorstandsreferent(in)?")),
    ("Director", _words("chief of staff")),
    (
        "VP",
        _words(
            "vp|svp|evp|avp|vice[- ]president",
            "vizepräsident(in)?",
            "vice[- ]président(e)?",
            "vicepresident(e|a)",
            "vice[- ]presidente",
        ),
    ),
    (
        "C-level",
        _words(
            "chief|c[cdefimoprst]o|ciso|founder|co-?founder|owner|president|managing (director|partner)",
            "general manager",
            "geschäftsführ(er|erin|ung)|geschäftsleit(er|erin|ung)|vorstand|vorständin|inhaber(in)?|gründer(in)?",
            "pdg|président(e)?|directeur général|directrice générale|gérant(e)?|fondateur|fondatrice|propriétaire",
            "director(a)? general|consejer[oa] delegad[oa]|gerente general|propietari[oa]|fundador(a)?|president[ea]",
            "diretor(a)?[- ]geral|diretor(a)? executiv[oa]|proprietári[oa]|sóci[oa]|sóci[oa][- ]gerente",
            "amministrat(ore|rice) delegat[oa]|direttore generale|direttrice generale|titolare|fondat(ore|rice)",
            "algemeen directeur|eigenaar|oprichter",
        ),
    ),
    # Before the German word for who leads a department.
    ("Manager", _words("(team|gruppen|projekt|schicht|filial)-?leit(er|erin|ung)")),
    (
        "Director",
        _words(
            "director|head|head of",
            "prokurist(in)?",
            "directeur|directrice",
            "directora",
            "diretor(a)?",
            "direttore|direttrice",
            "hoofd",
            ends="leit(er|erin|ung)",
        ),
    ),
    (
        "Junior",
        _words(
            "junior|jr|intern|internship|trainee|apprentice|working student",
            "werkstudent(in)?|praktikant(in)?|auszubildende(r)?|azubi",
            "stagiaire|apprenti(e)?|alternant(e)?",
            "becari[oa]|en prácticas",
            "estagiári[oa]",
            "stagista|tirocinante",
            "stagiair",
        ),
    ),
    (
        "Manager",
        _words(
            "manager|supervisor|team ?lead(er)?|(tech|technical) lead|lead (engineer|developer|designer|architect)",
            "managerin",
            "responsable|chef|cheffe",
            "jefe|jefa|gerente|encargad[oa]",
            "responsável|chefe",
            "responsabile|capo",
            "afdelingshoofd|teamleider",
        ),
    ),
    (
        "Specialist",
        _words(
            "specialist|analyst|engineer|developer|consultant|coordinator|executive|representative|administrator|officer",
            "architect|advisor|buyer|accountant|designer|scientist|researcher|technician|planner|recruiter|controller",
            "programmer|lawyer|counsel",
            "spezialist(in)?|sachbearbeiter(in)?|referent(in)?|berater(in)?|entwickler(in)?|ingenieur(in)?|analyst(in)?",
            "einkäufer(in)?|buchhalter(in)?|mitarbeiter(in)?|kaufmann|kauffrau|techniker(in)?|architekt(in)?",
            "softwareentwickler(in)?|personalreferent(in)?|wirtschaftsingenieur(in)?|fachkraft",
            "spécialiste|analyste|ingénieur(e)?|chargé(e)? (de|d'|des|du)|conseill(er|ère)|développeu(r|se)",
            "acheteu(r|se)|comptable|technicien(ne)?",
            "especialista|analista|ingenier[oa]|desarrollador(a)?|comprador(a)?|contable|técnic[oa]|consultor(a)?",
            "coordinador(a)?",
            "engenheir[oa]|programador(a)?|contabilista|coordenador(a)?|assessor(a)?",
            "specialista|ingegnere|sviluppat(ore|rice)|impiegat[oa]|consulente|tecnico|contabile",
            "medewerker|adviseur|ontwikkelaar|inkoper|boekhouder",
        ),
    ),
    ("Junior", _words(_ASSISTING, "clerk")),
)

FUNCTION = {
    "Marketing": _words(
        r"marketing\w*|cmo|brand|growth|demand|content|seo|communications?",
        "comunicación|comunicação|comunicazione|mercadeo",
        ends="kommunikation",
    ),
    "Sales": _words(
        "sales|cro|revenue|account (executive|manager)|key account|business development",
        r"vertrieb\w*|verkauf\w*|verkäufer(in)?",
        "ventes|commercial(e)?",
        "ventas|comercial",
        "vendas",
        "vendite|commerciale",
        "verkoop",
    ),
    "Technology": _words(
        "cto|cio|ciso|it|engineer|engineering|developer|software|technology|technical|data|security|devops|programmer",
        r"it-\w+|informatik\w*|technik\w*|technische(r)?",
        "informatique|ingénieur(e)?|développeu(r|se)|technique",
        "informática|ingenier[oa]|ingeniería|desarrollador(a)?|tecnología",
        "engenheir[oa]|engenharia|programador(a)?|tecnologia",
        "informatic[oa]|ingegnere|sviluppat(ore|rice)",
        "ontwikkelaar",
        ends="entwickler(in)?|ingenieur(in)?",
    ),
    "Finance": _words(
        r"cfo|finance|financial|accountant|accounting|controller|controlling|treasurer|treasury|audit\w*",
        r"finanz\w*|rechnungswesen|steuer\w*",
        r"financi(er|ère)|finances|comptab\w+",
        r"finanzas|contab\w+",
        r"finanças|financeir[oa]",
        "finanza",
        r"boekhoud\w*|financieel",
        ends="buchhalt(er|erin|ung)",
    ),
    "Operations": _words(
        "coo|operations|logistics|supply|production|manufacturing|plant|quality",
        r"logistik\w*|produktion\w*|fertigung\w*|betriebs\w*|werks?leit\w+|qualität\w*",
        "opérations|qualité|usine|logistique",
        "operaciones|producción|calidad|logística",
        "operações|produção|qualidade",
        "operazioni|produzione|logistica",
        "productie|logistiek",
    ),
    "Procurement": _words(
        "procurement|purchasing|purchaser|buyer|buying|sourcing",
        r"einkauf\w*|beschaffung\w*",
        "achats?|acheteu(r|se)",
        "compras|comprador(a)?",
        "acquisti",
        r"inkoop\w*|inkoper",
        ends="einkauf|einkäufer(in)?",
    ),
    "People": _words(
        "hr|human resources|people|talent|recruiting|recruiter",
        r"personalleit\w+|personalreferent\w*|personalwesen|personalabteilung|personalentwickl\w+",
        "rh|ressources humaines",
        "recursos humanos|rrhh",
        "risorse umane",
        "personeelszaken",
    ),
    "Product": _words("product|design|designer|ux|ui", r"produkt\w*", "produit", "producto", "produto", "prodotto"),
    "Legal": _words(
        "legal|lawyer|counsel|compliance|attorney",
        r"recht\w*|jurist(in)?|justi[tz]iar(in)?",
        "juridique|juriste",
        "jurídic[oa]|abogad[oa]",
        "advogad[oa]",
        "legale|avvocato",
        "juridisch",
    ),
    "Service": _words(
        "support|customer (success|service|care|support)|service|helpdesk",
        r"kundenservice|kundendienst|kundenbetreu\w+",
        "service client",
        "atención al cliente",
        "apoio ao cliente",
        "assistenza clienti",
        "klantenservice",
    ),
    "Research": _words(
        "research|researcher|r ?& ?d|scientist|lab|laboratory",
        r"forschung\w*|labor",
        "recherche",
        "investigación",
        "investigação",
        "ricerca",
        r"onderzoek\w*",
    ),
    "Strategy": _words(
        "strategy|strategic|strategist|innovation|transformation",
        r"strateg\w+|unternehmensentwicklung",
        r"stratég\w+",
        r"estrateg\w+|innovación",
        r"estratég\w+|inovação",
        "innovazione",
    ),
}

ROLES = ("Insight", "Interaction", "Information")
"""What a title's holder does with what you tell them: decides by it, carries it among people, or looks into it."""

_DECIDING = ("C-level", "VP", "Director")
_OUTWARD = frozenset(("Marketing", "Sales", "People", "Service", "Procurement"))
_LONGEST = 200
"""Characters of a title that are read."""

_FEW = 64
"""Rows up to which each is looked up by itself: quicker than finding the different ones."""

TITLE_SHARE = 0.3
"""A text field is a job title when at least this share of its filled values names a seniority."""

_JUDGED = 300
"""Different values that a field is judged by, evenly spread over all."""

_LEVEL_OF = tuple((level, re.compile(pattern)) for level, pattern in _RULES)
_FUNCTION_OF = tuple((name, re.compile(pattern)) for name, pattern in FUNCTION.items())
ENDINGS = (
    *(f"seniority={name}" for name in LEVELS),
    *(f"function={name}" for name in FUNCTION),
    *(f"role={name}" for name in ROLES),
)
"""What may be true of a title; the place of each is its bit in a title's code."""

SENIOR = tuple(f"seniority={name}" for name in _DECIDING)


@dataclass(frozen=True, slots=True)
class Title:
    """A title as it is read. ``seniority`` and ``role`` are None where nothing tells them."""

    seniority: str | None
    functions: tuple[str, ...]
    role: str | None


def read_title(text: str) -> Title:
    """Read a title, whatever its case."""
    plain = text[:_LONGEST].lower()
    level = _seniority(plain)
    functions = tuple(name for name, pattern in _FUNCTION_OF if pattern.search(plain))
    return Title(level, functions, _role(level, functions))


def _seniority(plain: str) -> str | None:
    return next((level for level, pattern in _LEVEL_OF if pattern.search(plain)), None)


def _role(level: str | None, functions: tuple[str, ...]) -> str | None:
    if level in _DECIDING or "Strategy" in functions:
        return "Insight"
    if level == "Manager" or not _OUTWARD.isdisjoint(functions):
        return "Interaction"
    return "Information" if level or functions else None


def codes(titles: pl.Series) -> pl.Series:
    """Return each title's code: a bit for each of ``ENDINGS`` that is true of it, none where there is no title."""
    if titles.len() <= _FEW:
        return pl.Series([0 if text is None else _code(text) for text in titles], dtype=pl.Int64)
    different = titles.drop_nulls().unique()
    found = pl.Series([_code(text) for text in different], dtype=pl.Int64)
    return titles.replace_strict(different, found, default=0, return_dtype=pl.Int64)


@lru_cache(maxsize=65_536)
def _code(text: str) -> int:
    title = read_title(text)
    true = [f"function={name}" for name in title.functions]
    true += [f"seniority={title.seniority}"] if title.seniority else []
    true += [f"role={title.role}"] if title.role else []
    return sum(1 << ENDINGS.index(ending) for ending in true)


def holds(code: pl.Expr, *endings: str) -> pl.Expr:
    """Whether one of ``endings`` is true of the title with this code."""
    return (code & sum(1 << ENDINGS.index(ending) for ending in endings)) != 0


def looks_like_titles(values: pl.Series) -> bool:
    """Judge a field by its filled values, not by its name."""
    filled = values.drop_nulls().unique().sort()
    judged = filled.gather_every(max(1, filled.len() // _JUDGED))
    known = sum(_seniority(text[:_LONGEST].lower()) is not None for text in judged)
    return known > 0 and known >= TITLE_SHARE * judged.len()
