"""The simulated tenant, held against the contract that it is a witness of."""
