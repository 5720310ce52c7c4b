import ArgumentParser

/// How a run begins.
struct RunStart: ParsableArguments {
    @Flag(
        help:
            "Remove the run that is in --output first; no folder is removed that holds anything else."
    )
    var overwrite = false
    @Flag(
        help:
            "Read and check everything, measure a few steps, and print how many steps, minutes and how much memory the run will take; nothing is written."
    )
    var dryRun = false
}
