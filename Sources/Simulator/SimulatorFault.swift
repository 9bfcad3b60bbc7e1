public import Basics
import Formats

/// The simulator can't be set up.
public struct SimulatorFault: Fault {
    public let code: String
    public let message: String
    public let place: String?
    public let hint: String?

    public var disposition: Disposition { .stop }

    init(_ code: String, _ message: String, place: String? = nil, hint: String? = nil) {
        self.code = code
        self.message = message
        self.place = place
        self.hint = hint
    }

    static func unreadableState(_ path: String, _ why: String) -> SimulatorFault {
        SimulatorFault(
            "SIM-0001", "the simulator's state cannot be read: \(why)", place: path,
            hint: "move the file away to start with an empty account: mv '\(path)' '\(path).old'")
    }

    static func badOrder(_ text: String, _ why: String) -> SimulatorFault {
        SimulatorFault(
            "SIM-0002", "the fault order \"\(text)\" cannot be read: \(why)",
            hint: "write METHOD PATH KIND [xTIMES] [+SKIP], for example: POST /v2/droplets drop-after x1")
    }

    static func unreachable(_ text: String, _ why: String, _ hint: String) -> SimulatorFault {
        SimulatorFault("SIM-0005", "the fault order \"\(text)\" can never hit anything: \(why)", hint: hint)
    }

    static func badWorld(_ why: String) -> SimulatorFault {
        SimulatorFault("SIM-0003", "the world cannot be set up: \(why)")
    }

    static func notSaved(_ path: String, _ why: String) -> SimulatorFault {
        SimulatorFault("SIM-0004", "the simulator's state cannot be written: \(why)", place: path)
    }
}

extension Value {
    /// Refuses what is no object, and members that nobody reads: a name that is misspelt would do nothing, silently.
    ///
    /// - Returns: the object.
    /// - Throws: `SimulatorFault` `SIM-0003`.
    @discardableResult func refuseOthers(
        than names: [String], in what: String
    ) throws(SimulatorFault) -> Value.Object {
        guard let object = objectValue else { throw .badWorld("\(what) is an object") }
        guard let other = object.members.first(where: { !names.contains($0.name) }) else { return object }
        throw .badWorld(
            "\(what) has no `\(other.name)`; it can have \(names.map { "`\($0)`" }.joined(separator: ", "))")
    }
}
