"""Declared features in five families, computed by one function of (history before as_of, as_of)."""

from scoring.features.catalogue import Catalogue, catalogue
from scoring.features.declared import Family, Feature, Side
from scoring.features.fitting import fit
from scoring.features.matrix import Matrix, Vectors, build
from scoring.features.spec import FeatureSpec, FieldSpec

__all__ = [
    "Catalogue",
    "Family",
    "Feature",
    "FeatureSpec",
    "FieldSpec",
    "Matrix",
    "Side",
    "Vectors",
    "build",
    "catalogue",
    "fit",
]
