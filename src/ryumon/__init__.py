"""ryumon evolves programs against a measure, and says with honest statistics whether they got better."""

__version__ = "0.1.0"
