"""The only rooms that loop over pixels: plain Python sources, compiled for one conductance and dtype each."""
