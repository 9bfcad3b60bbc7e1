import Glibc

/// Where a secret's value comes from.
protocol SecretSource: Sendable {
    /// What it is now.
    var current: String { get }
    /// What it is now, and what it was a short while ago.
    var all: [String] { get }
}

extension String: SecretSource {
    var current: String { self }
    var all: [String] { [self] }
}

/// The text of a file, read again when the file is another one: secrets are rotated by writing or replacing it.
final class SecretFile: SecretSource {
    /// What tells one state of a file from another without reading it.
    ///
    /// The inode shows a name that was given to another file, as where volumes of secrets are swapped by a link.
    private struct Stamp: Equatable {
        let device: dev_t
        let inode: ino_t
        let size: off_t
        let seconds: Int
        let nanoseconds: Int
    }

    private struct State {
        var stamp: Stamp?
        var text: String
        var before: [String] = []
    }

    /// Of values that were replaced as many are remembered.
    private static let memory = 3

    private let path: String
    private let state: Locked<State>

    /// Nil where there is no such file, or nothing in it.
    init?(_ path: String) {
        // Looked at before it is read: what is written in between is then read again.
        let stamp = Self.stamp(path)
        guard let text = Self.text(path) else { return nil }
        self.path = path
        state = Locked(State(stamp: stamp, text: text))
    }

    var current: String { refreshed().text }

    var all: [String] {
        let state = refreshed()
        return [state.text] + state.before
    }

    private func refreshed() -> State {
        let stamp = Self.stamp(path)
        let known = state.withLock { $0 }
        guard let stamp, stamp != known.stamp, let text = Self.text(path) else { return known }
        return state.withLock { state in
            state.stamp = stamp
            if text != state.text {
                state.before = Array(([state.text] + state.before).prefix(Self.memory))
                state.text = text
            }
            return state
        }
    }

    private static func stamp(_ path: String) -> Stamp? {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        return Stamp(
            device: status.st_dev, inode: status.st_ino, size: status.st_size, seconds: status.st_mtim.tv_sec,
            nanoseconds: status.st_mtim.tv_nsec)
    }

    /// What stands in a file, without the newline that editors leave at its end; nil where that is nothing.
    static func text(_ path: String) -> String? {
        guard let bytes = try? FileSystem.read(path, limit: 1 << 16) else { return nil }
        var text = String(decoding: bytes, as: UTF8.self)
        while text.last?.isNewline == true { text.removeLast() }
        return text.isEmpty ? nil : text
    }
}

/// What is made of another secret.
struct MappedSecret: SecretSource {
    let base: any SecretSource
    let transform: @Sendable (String) -> String

    var current: String { transform(base.current) }
    var all: [String] { base.all.map(transform) }
}

/// Another secret, as it was when it last was one that is accepted.
final class SteadySecret: SecretSource {
    private let base: any SecretSource
    private let accepts: @Sendable (String) -> Bool
    private let last: Locked<String>

    init(_ base: any SecretSource, _ accepts: @escaping @Sendable (String) -> Bool) {
        self.base = base
        self.accepts = accepts
        last = Locked(base.current)
    }

    var current: String {
        let now = base.current
        let known = last.withLock { $0 }
        guard now != known, accepts(now) else { return known }
        last.withLock { $0 = now }
        return now
    }

    var all: [String] {
        let now = current
        // Whoever takes them out of a text looks for each once.
        return [now] + base.all.filter { $0 != now }
    }
}
