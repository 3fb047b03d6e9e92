"""Generated tenants whose true conversion probability is known."""

from connector.sandbox.population.generate import PopulationParameters, generate
from connector.sandbox.population.model import Population

__all__ = ["Population", "PopulationParameters", "generate"]
