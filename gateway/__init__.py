"""A runnable supergraph: the allowances and a second agency behind one gateway."""
