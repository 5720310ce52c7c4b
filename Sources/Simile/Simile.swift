// One import for everything: `import Simile`.
@_exported import HDF5
@_exported import Metrics
@_exported import NeuralNetwork
@_exported import ONNX
@_exported import SentenceEmbedding
@_exported import Serialization
@_exported import Tensors
@_exported import Tokenization

@_exported import struct Kernels.BLAS
@_exported import enum Kernels.BLASError
@_exported import class Kernels.ThreadPool
