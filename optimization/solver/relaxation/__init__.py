"""Which limits give way, and by how little, when no allocation keeps all of them."""
