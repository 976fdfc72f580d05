"""Numerics of networks on memory cells: weights as conductances, products through converters, ages, codebooks."""
