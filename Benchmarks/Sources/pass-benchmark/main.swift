// Times whole passes of `reconcile` against the simulated provider, from process start to exit, and counts what they
// read and write; one line a figure: name, value, unit, ratio to its baseline.
//
// usage: pass-benchmark RECONCILE BASELINE-DIRECTORY
import Basics
import Figures
import Glibc

let arguments = CommandLine.arguments
guard arguments.count == 3 else {
    StandardStreams.error("usage: pass-benchmark RECONCILE BASELINE-DIRECTORY\n")
    exit(64)
}
var environment = ProcessEnvironment.variables()
for name in environment.keys where name.hasPrefix("ODOOOPS_") || name.hasPrefix("DIGITALOCEAN_") {
    environment[name] = nil
}
let work = try FileSystem.makeTemporaryDirectory(prefix: "odooops-bench")
let tools = Tools(
    reconcile: arguments[1], baseline: arguments[2], work: work,
    shell: Shell(measure: "\(arguments[2])/measure", environment: environment))
let (figures, failure) = await PassBenchmark.run(tools)
FileSystem.remove(work)
if let failure {
    StandardStreams.error("pass-benchmark: \(failure)\n")
    exit(1)
}
figures.end()
