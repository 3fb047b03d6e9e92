"""How models take each other's place: at the end of a training, by a person's word, and back again."""
