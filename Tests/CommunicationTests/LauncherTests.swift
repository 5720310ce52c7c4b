import Testing

@testable import Communication

/// What the environment tells of the processes of a run.
@Suite struct LauncherTests {
    @Test func openMPI() throws {
        let launcher = try #require(
            Launcher([
                "OMPI_COMM_WORLD_SIZE": "4", "OMPI_COMM_WORLD_RANK": "3",
                "OMPI_COMM_WORLD_LOCAL_SIZE": "2", "SLURM_STEP_NUM_TASKS": "1",
                "SLURM_PROCID": "0",
            ]))
        #expect(launcher.kind == .openMPI && launcher.size == 4 && launcher.rank == 3)
        #expect(launcher.localSize == 2)
    }

    @Test func hydra() throws {
        let launcher = try #require(Launcher(["PMI_SIZE": "2", "PMI_RANK": "1"]))
        #expect(launcher.kind == .hydra && launcher.size == 2 && launcher.rank == 1)
        #expect(launcher.localSize == nil)
    }

    @Test func slurm() throws {
        let environment = [
            "SLURM_STEP_NUM_TASKS": "11", "SLURM_PROCID": "0",
            "SLURM_STEP_TASKS_PER_NODE": "4(x2),3",
        ]
        let launcher = try #require(Launcher(environment))
        #expect(launcher.kind == .slurm && launcher.size == 11 && launcher.localSize == 4)
        // With --mpi=pmi2 srun sets Hydra's variables, too.
        let both = environment.merging(["PMI_SIZE": "11", "PMI_RANK": "0"]) { $1 }
        #expect(Launcher(both)?.kind == .slurm)
        #expect(Launcher(both.merging(["MPI_LOCALNRANKS": "4"]) { $1 })?.kind == .hydra)
        // A batch script without srun.
        #expect(Launcher(["SLURM_NTASKS": "11", "SLURM_PROCID": "0"]) == nil)
    }

    @Test func none() throws {
        #expect(Launcher([:]) == nil)
        #expect(Launcher(["PMI_SIZE": "many", "PMI_RANK": "0"]) == nil)
        #expect(try MPI.join([:]) == nil)
        #expect(try MPI.join(["PMI_SIZE": "1", "PMI_RANK": "0"]) == nil)
        #expect(try MPI.join(["PMI_SIZE": "2", "PMI_RANK": "0", "SIMILE_MPI": "none"]) == nil)
    }

    @Test(arguments: ["ten", "0", "nan", "-1"]) func aTimeoutIsSeconds(_ text: String) throws {
        #expect(throws: CommunicationError.timeout(text)) {
            try MPI.join(["PMI_SIZE": "2", "PMI_RANK": "0", "SIMILE_MPI_TIMEOUT": text])
        }
    }

    @Test func aLibraryIsNeeded() throws {
        let environment = ["PMI_SIZE": "2", "PMI_RANK": "0", "SIMILE_MPI": "/nowhere/libmpi.so"]
        let error = #expect(throws: CommunicationError.self) { try MPI.join(environment) }
        let sentence = "\(try #require(error))"
        #expect(sentence.hasPrefix("mpiexec (Hydra) started 2 processes, but no MPI library"))
        #expect(sentence.contains("/nowhere/libmpi.so") && sentence.contains("SIMILE_MPI"))
        // One that can be loaded, but has nothing of MPI.
        #expect(
            throws: CommunicationError.missing(function: "MPI_Init_thread", library: "libm.so.6")
        ) {
            try MPI.join(["PMI_SIZE": "2", "PMI_RANK": "0", "SIMILE_MPI": "libm.so.6"])
        }
    }
}
