import Testing

@testable import Kernels

@Suite struct KernelSettingsTests {
    @Test func nothingIsAskedByDefault() throws {
        for environment in [[:], ["SIMILE_THREADS": "", "SIMILE_BLAS": "", "SIMILE_CORETYPE": ""]] {
            let settings = try KernelSettings(environment)
            #expect(settings.threads == nil)
            #expect(settings.library == nil)
            #expect(settings.coreType == nil)
            #expect(settings.instructionSet == simile_best_instruction_set())
        }
    }

    @Test func whatIsAskedIsTaken() throws {
        let settings = try KernelSettings([
            "SIMILE_THREADS": "3", "SIMILE_BLAS": "/x/libmkl_rt.so", "SIMILE_CORETYPE": "Haswell",
            "SIMILE_INSTRUCTION_SET": "Baseline",
        ])
        #expect(settings.threads == 3)
        #expect(settings.library == "/x/libmkl_rt.so")
        #expect(settings.coreType == "Haswell")
        #expect(settings.instructionSet == SIMILE_BASELINE)
    }

    @Test(arguments: ["0", "-1", "two", "1025", "1.5"])
    func aNumberOfThreadsThatIsNoneIsRefused(_ text: String) {
        let error = #expect(throws: KernelSettingsError.threads(text)) {
            try KernelSettings(["SIMILE_THREADS": text])
        }
        #expect(
            error?.description.hasPrefix(
                "SIMILE_THREADS is '\(text)' in the environment; expected a number in 1...1024")
                == true)
    }

    @Test func anUnknownInstructionSetIsRefused() {
        let error = #expect(throws: KernelSettingsError.self) {
            try KernelSettings(["SIMILE_INSTRUCTION_SET": "avx1024"])
        }
        #expect(
            error?.description
                == "SIMILE_INSTRUCTION_SET is 'avx1024' in the environment; expected one of baseline, avx2, avx512, amx, or unset it to use the best"
        )
    }

    /// AMX multiplies, and does nothing else.
    @Test func eachInstructionSetHasItsKernels() {
        #expect(
            KernelSettings.instructionSets.map { simile_kernels($0.set)?.pointee.name }
                .compactMap { $0.map { String(cString: $0).lowercased() } }
                .map { $0.filter { $0 != "-" } }
                == KernelSettings.instructionSets
                .filter { simile_has($0.set) != 0 }
                .map { $0.set == SIMILE_AMX ? "avx512" : $0.name })
    }

    @Test func aPoolThatIsAtWorkCannotBeConfigured() async {
        await #expect(processExitsWith: .failure) {
            _ = ThreadPool.shared.count
            ThreadPool.configure(threads: 2)
        }
        await #expect(processExitsWith: .success) {
            ThreadPool.configure(threads: 3)
            ThreadPool.configure(threads: 2)
            #expect(ThreadPool.shared.count == 2)
        }
    }

    @Test func productsNeedNoLibrary() throws {
        let slow = try KernelSettings(["SIMILE_INSTRUCTION_SET": "baseline"])
        #expect(GEMM.Engine.choose(slow, libraryCanBeLoaded: { false }) == .own)
        #expect(GEMM.Engine.choose(slow, libraryCanBeLoaded: { true }) == .library)
        let asked = try KernelSettings(["SIMILE_BLAS": "libmkl_rt.so"])
        #expect(GEMM.Engine.choose(asked, libraryCanBeLoaded: { false }) == .library)
        let none = try KernelSettings(["SIMILE_BLAS": "none", "SIMILE_INSTRUCTION_SET": "baseline"])
        #expect(none.library == nil)
        #expect(GEMM.Engine.choose(none, libraryCanBeLoaded: { true }) == .own)
    }
}
