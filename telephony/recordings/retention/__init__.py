"""How long recordings are kept: hold, proposal, approval by somebody else, certificate."""
