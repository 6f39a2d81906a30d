"""One model and several threads: who may change it, and how others see it before or after, never between."""
