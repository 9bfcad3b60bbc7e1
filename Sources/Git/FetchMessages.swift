internal import Basics

/// What the network part is told: everything, so that it needs nothing from arguments or its environment.
struct FetchRequest: Sendable {
    /// How far a fetch has come; the last one tells where its time went.
    enum Stage: String, Sendable {
        case lock, open, connect, download, write
    }

    var url: String
    /// The bare repository.
    var directory: String
    /// A private directory that stands in for the home of whoever runs this; known_hosts lies below it.
    var home: String
    /// OpenSSH's list, as text.
    var knownHosts = ""
    /// Where a person adds to that list.
    var knownHostsFile = "~/.ssh/known_hosts"
    /// The file that a new host's key is appended to; nil to refuse new hosts.
    var newHostsFile: String?
    var user: String?
    var token: Secret?
    var key: Secret?
    var passphrase: Secret?
    /// Where the key is, for messages.
    var keyFile: String?
    var hasAgent = false
    var deadline: Duration

    /// As bytes: `name=value` and a NUL, again and again.
    func encoded() -> [UInt8] {
        var bytes: [UInt8] = []
        func add(_ name: String, _ value: String?) {
            guard let value else { return }
            bytes += Array("\(name)=\(value)".utf8.filter { $0 != 0 }) + [0]
        }
        func add(_ name: String, _ secret: Secret?) { secret?.reveal { add(name, $0) } }
        add("url", url)
        add("directory", directory)
        add("home", home)
        add("knownHosts", knownHosts)
        add("knownHostsFile", knownHostsFile)
        add("newHostsFile", newHostsFile)
        add("user", user)
        add("token", token)
        add("key", key)
        add("passphrase", passphrase)
        add("keyFile", keyFile)
        add("agent", hasAgent ? "1" : nil)
        add("deadline", String(deadline.microseconds))
        return bytes
    }

    init(url: String, directory: String, home: String, deadline: Duration) {
        self.url = url
        self.directory = directory
        self.home = home
        self.deadline = deadline
    }

    /// Nil when something is missing.
    init?(_ bytes: [UInt8]) {
        var values: [String: String] = [:]
        for part in bytes.split(separator: 0) {
            guard let equals = part.firstIndex(of: UInt8(ascii: "=")) else { return nil }
            values[String(decoding: part[..<equals], as: UTF8.self)] =
                String(decoding: part[part.index(after: equals)...], as: UTF8.self)
        }
        guard let url = values["url"], let directory = values["directory"], let home = values["home"],
            let microseconds = values["deadline"].flatMap({ Int64($0) })
        else { return nil }
        self.init(url: url, directory: directory, home: home, deadline: .microseconds(microseconds))
        knownHosts = values["knownHosts"] ?? ""
        knownHostsFile = values["knownHostsFile"] ?? knownHostsFile
        newHostsFile = values["newHostsFile"]
        user = values["user"]
        token = values["token"].map { Secret($0) }
        key = values["key"].map { Secret($0) }
        passphrase = values["passphrase"].map { Secret($0) }
        keyFile = values["keyFile"]
        hasAgent = values["agent"] != nil
    }
}

/// What the network part answers, line by line, its fields parted by tabs.
struct FetchAnswer: Sendable {
    var stage = FetchRequest.Stage.open
    var result: Result<GitFetchReport, GitFault>?

    /// Reads what a child wrote; the result is nil when it stopped before its end.
    init(_ bytes: [UInt8], duration: Duration) {
        var changes: [GitFetchReport.Change] = []
        for line in bytes.split(separator: UInt8(ascii: "\n")) {
            let fields = line.split(separator: UInt8(ascii: "\t"), omittingEmptySubsequences: false)
                .map { String(decoding: $0, as: UTF8.self) }
            switch (fields[0], fields.count) {
            case ("stage", 2):
                stage = FetchRequest.Stage(rawValue: fields[1]) ?? stage
            case ("change", 6):
                guard let kind = GitReference.Kind(rawValue: fields[1]) else { continue }
                changes.append(
                    GitFetchReport.Change(
                        name: fields[2], kind: kind, old: fields[3].isEmpty ? nil : fields[3],
                        new: fields[4].isEmpty ? nil : fields[4], isForced: fields[5] == "1"))
            case ("fault", 5):
                guard let cause = GitFault.Cause(rawValue: fields[1]) else { continue }
                result = .failure(
                    GitFault(
                        cause, fields[2], place: fields[3].isEmpty ? nil : fields[3],
                        hint: fields[4].isEmpty ? nil : fields[4]))
            case ("done", 7):
                result = .success(
                    GitFetchReport(
                        changes: changes, referenceCount: Int(fields[1]) ?? 0,
                        headBranch: fields[2].isEmpty ? nil : fields[2], receivedObjects: Int(fields[3]) ?? 0,
                        receivedBytes: Int(fields[4]) ?? 0, isRecloned: fields[5] == "1",
                        isBorrowing: fields[6] == "1", duration: duration))
            default:
                continue
            }
        }
    }

    static func line(_ stage: FetchRequest.Stage) -> String { "stage\t\(stage.rawValue)\n" }

    /// The lines of a finished fetch.
    static func lines(_ result: Result<GitFetchReport, GitFault>) -> String {
        switch result {
        case .failure(let fault):
            return line(["fault", fault.code, fault.message, fault.place ?? "", fault.hint ?? ""])
        case .success(let report):
            var text = ""
            for change in report.changes {
                text += line([
                    "change", change.kind.rawValue, change.name, change.old ?? "", change.new ?? "",
                    change.isForced ? "1" : "0",
                ])
            }
            return text
                + line([
                    "done", "\(report.referenceCount)", report.headBranch ?? "", "\(report.receivedObjects)",
                    "\(report.receivedBytes)", report.isRecloned ? "1" : "0", report.isBorrowing ? "1" : "0",
                ])
        }
    }

    private static func line(_ fields: [String]) -> String {
        fields.map { field in
            String(String.UnicodeScalarView(field.unicodeScalars.map { $0.value < 32 ? " " : $0 }))
        }.joined(separator: "\t") + "\n"
    }
}
