// Times the way from a commit's bytes to the desired state; one line a figure: name, value, unit, ratio to its baseline.
//
// The baseline is a bare event scan of the same bytes by libyaml.
// usage: state-benchmark EVENTS-PROGRAM [SSOT-DIRECTORY [RECONCILE-PROGRAM]]
import Basics
import DesiredState
import Figures
import Formats
import Glibc

let arguments = CommandLine.arguments
guard arguments.count >= 2 else {
    StandardStreams.error("usage: state-benchmark EVENTS-PROGRAM [SSOT-DIRECTORY [RECONCILE-PROGRAM]]\n")
    exit(64)
}

// A process that only reads, for what it costs from its start: `once DIRECTORY COPIES`; prints its peak in KiB.
if arguments[1] == "once", arguments.count == 4 {
    let sources = files(under: arguments[2])
    let tree = OneChange(copies: Int(arguments[3]) ?? 1, of: sources).before
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

/// The fastest run of a program of which some ends are good, in milliseconds, and the most that it printed as a number.
func fastestRun(_ program: String, _ arguments: [String], ends: Set<Int32> = [0]) async -> (time: Double, most: Double)
{
    var (best, most) = (Double.infinity, 0.0)
    for _ in 0..<5 {
        let clock = ContinuousClock()
        let start = clock.now
        let end = await ChildProcess.run(
            program, arguments, environment: ProcessEnvironment.variables(), outputLimit: 1 << 24,
            deadline: .seconds(60))
        let took = clock.now - start
        guard let status = end.status, ends.contains(status) else {
            StandardStreams.error("state-benchmark: \(program) \(arguments.joined(separator: " ")) failed\n")
            exit(1)
        }
        best = min(best, Double(took.components.attoseconds) / 1e15 + Double(took.components.seconds) * 1e3)
        most = max(
            most, String(decoding: end.output, as: UTF8.self).split(separator: "\n").first.flatMap { Double($0) } ?? 0)
    }
    return (best, most)
}

/// This program as a process that only reads: milliseconds, and its greatest peak in MiB.
func process(_ directory: String, copies: Int = 1) async -> (time: Double, peak: Double) {
    let run = await fastestRun("/proc/self/exe", ["once", directory, String(copies)])
    return (run.time, run.most / 1_024)
}
let whole = await process(directory)
figures.report("ssot_\(name)_process", whole.time, "ms", baseline: scanned / 1_000, atMost: 150)
let large = await process(directory, copies: 10)
figures.report("ssot_\(name)_tenfold_process", large.time, "ms", baseline: whole.time, atMost: 1_000)
figures.report("ssot_\(name)_tenfold_memory", large.peak, "MiB", atMost: 150)

// Ten times the documents; then one of them changes.
let change = OneChange(copies: 10, of: sources)
figures.report("ssot_\(name)_tenfold_files", Double(change.before.files.count), "files")
let tenfold = fastest(3) { _ = readDesiredState(change.before) }
figures.report("ssot_\(name)_tenfold_desired", tenfold, "ms", baseline: time, atMost: 1_000)

/// Reports what a commit costs that changes the worst of the files that a domain reads, or of those that none does.
///
/// Only of files with as many bytes as `sizes` says.
@MainActor func reportOneChanged(
    _ name: String, _ change: OneChange, isManaged: Bool, sizes: ClosedRange<Int> = 0...Int.max, atMost: Double? = 10,
    baseline: Double
) {
    let managed = Set(readDesiredState(change.before).documents.filter { $0.status == .managed }.map(\.path))
    let places = change.before.files.indices.filter { index in
        guard case .bytes(let bytes) = change.before.files[index].content else { return false }
        return managed.contains(change.before.files[index].path) == isManaged && sizes.contains(bytes.count)
    }
    let worst = change.worst(in: places, isManaged: isManaged)
    StandardStreams.error("state-benchmark: the worst of \(places.count) files for \(name) is \(worst.path)\n")
    figures.report(name, worst.time, "ms", baseline: baseline, atMost: atMost)
}
// A file that no domain reads, as most are, and one that the domains have to read again.
for (isManaged, what) in [(false, "one"), (true, "managed")] {
    reportOneChanged("ssot_\(name)_tenfold_\(what)_changed", change, isManaged: isManaged, baseline: tenfold)
}

// As many files of which a domain reads nearly all: the real source has no such tree, so its list-like folders are repeated.
if isReal {
    let documents = readDesiredState(tree).documents.filter { $0.status == .managed }
    let managed = ManagedTree.make(
        sources, managed: Set(documents.map { String($0.path.dropFirst("ssot/".utf8.count)) }),
        count: 10 * sources.count)
    let change = OneChange(managed)
    let state = readDesiredState(managed)
    let read = state.documents.count { $0.status == .managed }
    precondition(read * 10 > managed.files.count * 9, "\(read) of \(managed.files.count) are managed")
    figures.report("ssot_managed_files", Double(managed.files.count), "files")
    figures.report("ssot_managed_read_by_domains", Double(read), "files")
    figures.report("ssot_managed_resources", Double(state.resources.count), "wanted")
    for file in managed.files {
        let path = "\(work)/managed/\(file.path.dropFirst("ssot/".utf8.count))"
        guard case .bytes(let bytes) = file.content, let slash = path.lastIndex(of: "/") else { continue }
        try FileSystem.createDirectory(String(path[..<slash]))
        try FileSystem.write(bytes, to: path)
    }
    let process = await process("\(work)/managed")
    figures.report("ssot_managed_process", process.time, "ms", baseline: whole.time, atMost: 1_000)
    figures.report("ssot_managed_memory", process.peak, "MiB", atMost: 150)
    let desired = fastest(3) { _ = readDesiredState(managed) }
    figures.report("ssot_managed_desired", desired, "ms", baseline: time, atMost: 1_000)
    // The books of secrets are ten times as long as any document of the real source: what they cost is told beside.
    let longest = sources.map(\.bytes.count).max() ?? 0
    reportOneChanged(
        "ssot_managed_one_changed", change, isManaged: true, sizes: 0...longest, baseline: desired)
    reportOneChanged(
        "ssot_managed_book_changed", change, isManaged: true, sizes: (longest + 1)...Int.max, atMost: nil,
        baseline: desired)
}

// The program itself on a repository: its start, git, the state, gates, what is due, and its text.
if arguments.count > 3 {
    for (name, directory) in [(name, directory)] + (isReal ? [("managed", "\(work)/managed")] : []) {
        let repository = "\(work)/repository-\(name)"
        let script = """
            mkdir "$1" && cp -R "$2" "$1/ssot" && cd "$1" && git init -q -b main && git add . \
            && git -c user.name=a -c user.email=a@localhost commit -qm a
            """
        let made = await ChildProcess.run(
            "/bin/sh", ["-c", script, "sh", repository, directory], environment: ProcessEnvironment.variables(),
            deadline: .seconds(60))
        precondition(made.isSuccess, String(decoding: made.errorOutput, as: UTF8.self))
        let run = await fastestRun(arguments[3], ["validate", "--ssot", repository], ends: [0, 65])
        figures.report(
            "validate_\(name)", run.time, "ms", baseline: whole.time, atMost: name == "managed" ? 1_000 : 150)
    }
}
figures.end()
