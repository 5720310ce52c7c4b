// One import for everything: `import Simile`.
@_exported import Communication
@_exported import EvaluationMetrics
@_exported import ExampleFiles
@_exported import Losses
@_exported import ModelFolders
@_exported import NeuralNetwork
@_exported import Reports
@_exported import SentenceEmbedding
@_exported import Serialization
@_exported import Settings
@_exported import Tensors
@_exported import Tokenization

@_exported import struct Kernels.BLAS
@_exported import enum Kernels.BLASError
@_exported import enum Kernels.GEMM
@_exported import class Kernels.ThreadPool
@_exported import protocol ModelLayout.WeightReader
