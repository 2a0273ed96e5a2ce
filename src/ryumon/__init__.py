"""ryumon evolves programs against a measure, and says with honest statistics whether they got better."""
