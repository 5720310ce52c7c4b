/// What started this process beside others, as the environment tells.
public struct Launcher: Equatable, Sendable, CustomStringConvertible {
    /// The family of launchers, each with its own variables.
    public enum Kind: Sendable {
        /// Open MPI's mpirun, also under the Kubernetes MPI operator.
        case openMPI
        /// Hydra, the mpiexec of MPICH, Intel MPI and MVAPICH.
        case hydra
        /// SLURM's srun.
        case slurm

        /// The libraries that may belong to it, the likeliest first.
        var libraries: [String] {
            let (openMPI, mpich, standard) = (
                ["libmpi.so.40"], ["libmpi.so.12", "libmpich.so.12"],
                ["libmpi_abi.so.1", "libmpi_abi.so.0"]
            )
            return switch self {
            case .openMPI: openMPI + standard
            case .hydra: mpich + standard
            case .slurm: openMPI + mpich + standard
            }
        }

        /// What to install for it.
        var package: String {
            switch self {
            case .openMPI: "Open MPI's library (libopenmpi3 on Debian and Ubuntu)"
            case .hydra:
                "the MPICH or Intel MPI that mpiexec is from (libmpich12 on Debian and Ubuntu)"
            case .slurm: "the MPI that SLURM was built for, on every machine"
            }
        }
    }

    /// The family.
    public let kind: Kind
    /// How many processes it started.
    public let size: Int
    /// This one's number.
    public let rank: Int
    /// How many of them are on this machine; nil where it does not say.
    public let localSize: Int?

    /// Reads an environment; nil when no launcher is in it, or `SIMILE_MPI` is `none`.
    public init?(_ environment: [String: String]) {
        if environment["SIMILE_MPI"] == "none" { return nil }
        func number(_ name: String) -> Int? { environment[name].flatMap { Int($0) } }
        // An sbatch script has SLURM_NTASKS without any srun, but not SLURM_STEP_NUM_TASKS.
        let all: [(Kind, size: String, rank: String, local: String)] = [
            (
                .openMPI, "OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_RANK",
                "OMPI_COMM_WORLD_LOCAL_SIZE"
            ),
            (.hydra, "PMI_SIZE", "PMI_RANK", "MPI_LOCALNRANKS"),
            (.slurm, "SLURM_STEP_NUM_TASKS", "SLURM_PROCID", "SLURM_STEP_TASKS_PER_NODE"),
        ]
        for (kind, sizeName, rankName, localName) in all {
            guard let size = number(sizeName), let rank = number(rankName) else { continue }
            // srun sets what Hydra sets, too, for some libraries; Hydra also says how many are on a machine.
            if kind == .hydra, environment["SLURM_STEP_NUM_TASKS"] != nil,
                environment[localName] == nil
            {
                continue
            }
            self.kind = kind
            self.size = size
            self.rank = rank
            // SLURM writes 4(x2),3 for machines with 4, 4 and 3 processes: the first is the most there are.
            localSize = environment[localName].flatMap { Int($0.prefix { $0.isNumber }) }
            return
        }
        return nil
    }

    /// Its name.
    public var description: String {
        switch kind {
        case .openMPI: "mpirun (Open MPI)"
        case .hydra: "mpiexec (Hydra)"
        case .slurm: "srun (SLURM)"
        }
    }
}
