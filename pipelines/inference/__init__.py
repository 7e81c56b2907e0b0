"""The inference core: conversion to ONNX, the proof of equality, the Predictor."""

from pipelines.inference.predictor import InputError, ModelError, Predictor

__all__ = ["InputError", "ModelError", "Predictor"]
