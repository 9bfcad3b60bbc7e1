// Times the way from a commit's bytes to the desired state; one line a figure: name, value, unit, ratio to its baseline.
//
// The baseline is a bare event scan of the same bytes by libyaml.
// usage: state-benchmark EVENTS-PROGRAM [SSOT-DIRECTORY]
import Basics
import DesiredState
import Figures
import Formats
import Glibc

let arguments = CommandLine.arguments
guard arguments.count >= 2 else {
    StandardStreams.error("usage: state-benchmark EVENTS-PROGRAM [SSOT-DIRECTORY]\n")
    exit(64)
}

// A process that only reads, for what it costs from its start: `once DIRECTORY COPIES`; prints its peak in KiB.
if arguments[1] == "once", arguments.count == 4 {
    let sources = files(under: arguments[2])
    let tree = OneChange(sources, copies: Int(arguments[3]) ?? 1).before
    precondition(readDesiredState(tree).documents.count == tree.files.count)
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    print(usage.ru_maxrss)
    exit(0)
}

let work = try FileSystem.makeTemporaryDirectory(prefix: "odooops-bench")
defer { FileSystem.remove(work) }

/// The YAML files under a directory, with paths relative to it.
func files(under directory: String, _ prefix: String = "") -> [(path: String, bytes: [UInt8])] {
    FileSystem.list("\(directory)/\(prefix)").flatMap { name -> [(path: String, bytes: [UInt8])] in
        let path = prefix.isEmpty ? name : "\(prefix)/\(name)"
        if FileSystem.isDirectory("\(directory)/\(path)") { return files(under: directory, path) }
        guard name.hasSuffix(".yaml") || name.hasSuffix(".yml"),
            let bytes = try? FileSystem.read("\(directory)/\(path)")
        else { return [] }
        return [(path, bytes)]
    }
}

let given = arguments.count > 2 ? arguments[2] : nil
let isReal = given.map { FileSystem.isDirectory($0) } ?? false
if !isReal { try GeneratedSSOT.write(to: work) }
let directory = isReal ? given ?? work : work
let sources = files(under: directory)
let tree = SourceTree(
    revision: String(repeating: "0", count: 40),
    files: sources.map { SourceFile(path: "ssot/\($0.path)", content: .bytes($0.bytes)) },
    branches: .known([Branch(name: "main", commit: String(repeating: "1", count: 40), committedAt: nil)]))

let list = sources.map { "\(directory)/\($0.path)\n" }.joined()
let scan = await ChildProcess.run(arguments[1], ["11"], input: Array(list.utf8), deadline: .seconds(60))
let scanned = String(decoding: scan.output, as: UTF8.self).split(separator: " ").first.flatMap { Double($0) }
guard scan.isSuccess, let scanned else {
    StandardStreams.error("state-benchmark: \(arguments[1]) failed\n")
    exit(1)
}

var figures = Figures()
let name = isReal ? "real" : "generated"
figures.report("ssot_\(name)_size", Double(sources.reduce(0) { $0 + $1.bytes.count }) / 1_048_576, "MiB")
figures.report("ssot_\(name)_event_scan", scanned / 1_000, "ms")
var parsed = 0
let parse = fastest(11) { for source in sources { parsed += YAML.parse(source.bytes, file: source.path).nodeCount } }
precondition(parsed > 0)
figures.report("ssot_\(name)_parse", parse, "ms", baseline: scanned / 1_000, atMost: scanned / 1_000 * 1.5)
let cold = milliseconds { _ = readDesiredState(tree) }
figures.report("ssot_\(name)_desired_first", cold, "ms", baseline: scanned / 1_000)
var documents = 0
let time = fastest(11) { documents = readDesiredState(tree).documents.count }
precondition(documents == sources.count, "\(documents) documents of \(sources.count) files")
figures.report("ssot_\(name)_desired", time, "ms", baseline: scanned / 1_000, atMost: 150)

/// The fastest run of this program as a process that only reads, in milliseconds, and its greatest peak in MiB.
func process(_ copies: Int) async -> (time: Double, peak: Double) {
    var (best, peak) = (Double.infinity, 0.0)
    for _ in 0..<5 {
        let clock = ContinuousClock()
        let start = clock.now
        let end = await ChildProcess.run(
            "/proc/self/exe", ["once", directory, String(copies)], deadline: .seconds(60))
        let took = clock.now - start
        guard end.isSuccess,
            let kibibytes = Double(String(decoding: end.output, as: UTF8.self).split(separator: "\n")[0])
        else { continue }
        best = min(best, Double(took.components.attoseconds) / 1e15 + Double(took.components.seconds) * 1e3)
        peak = max(peak, kibibytes / 1_024)
    }
    return (best, peak)
}
let whole = await process(1)
figures.report("ssot_\(name)_process", whole.time, "ms", baseline: scanned / 1_000, atMost: 150)
let large = await process(10)
figures.report("ssot_\(name)_tenfold_process", large.time, "ms", baseline: whole.time, atMost: 1_000)
figures.report("ssot_\(name)_tenfold_memory", large.peak, "MiB", atMost: 150)

// Ten times the documents; then one of them changes.
let change = OneChange(sources, copies: 10)
figures.report("ssot_\(name)_tenfold_files", Double(change.before.files.count), "files")
let tenfold = fastest(3) { _ = readDesiredState(change.before) }
figures.report("ssot_\(name)_tenfold_desired", tenfold, "ms", baseline: time, atMost: 1_000)
// A file that no domain reads, as most are, and one that the domains have to read again.
let managed = Set(readDesiredState(change.before).documents.filter { $0.status == .managed }.map(\.path))
let places = Dictionary(grouping: change.before.files.indices) { managed.contains(change.before.files[$0].path) }
for (isManaged, name) in [(false, "ssot_\(name)_tenfold_one_changed"), (true, "ssot_\(name)_tenfold_managed_changed")] {
    let cache = DocumentCache()
    _ = readDesiredState(change.before, cache: cache)
    let trees = change.after(12, in: places[isManaged] ?? [0])
    var number = 0
    let (parses, readings) = (cache.parses, cache.domainReadings)
    let changed = fastest(11) {
        _ = readDesiredState(trees[number], cache: cache)
        number += 1
    }
    precondition(cache.parses - parses == number, "\(cache.parses - parses) parses for \(number) changes")
    precondition(cache.domainReadings - readings == (isManaged ? number : 0), "what changed was not what was read")
    figures.report(name, changed, "ms", baseline: tenfold, atMost: 10)
}
figures.end()
