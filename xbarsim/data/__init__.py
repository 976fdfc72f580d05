"""Labelled images to measure accuracy on. Nothing is downloaded: the user's folder holds the files.

from xbarsim.data import cifar10, digits, mnist

images, labels = digits("test").images, digits("test").labels
mnist("/where/the/files/are", "train")     # or the environment variable XBARSIM_DATA
"""

from xbarsim.data.cifar10 import cifar10
from xbarsim.data.digits import digits
from xbarsim.data.examples import Examples, Part
from xbarsim.data.mnist import mnist

__all__ = ["Examples", "Part", "cifar10", "digits", "mnist"]
