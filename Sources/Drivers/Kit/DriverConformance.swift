public import Basics
internal import DesiredState
internal import Diff
public import HTTPClient

/// The checks that every driver has to pass, whatever its provider: what the engine relies on.
///
/// They need a world to act on, such as the simulator, behind a transport. Each gives the breaches that it found, one
/// line each; none is a pass.
public struct DriverConformance: Sendable {
    /// Makes the driver over a transport, with a token that must never be seen anywhere.
    public let makeDriver: @Sendable (any HTTPTransport, Secret) -> any Driver
    public let request: ObserveRequest
    /// What to create, each after what it needs; with all that is wanted of it.
    public let creations: [ResolvedChange]
    /// Whether the provider's lists are bare arrays: then an empty array is an answer and no failure.
    public var hasBareLists = false

    public init(
        request: ObserveRequest, creations: [ResolvedChange],
        makeDriver: @escaping @Sendable (any HTTPTransport, Secret) -> any Driver
    ) {
        self.makeDriver = makeDriver
        self.request = request
        self.creations = creations
    }

    /// The token that drivers are given, so that a world that proves credentials can let it in.
    public static let canary = "canary-d0-not-print-7f3a91"

    /// A life against a world: nothing changes by looking, doing it twice is doing it once, and it goes as it came.
    public func live(against world: any HTTPTransport) async -> [String] {
        let watch = WatchedTransport(world)
        let driver = makeDriver(watch, Secret(Self.canary))
        let notes = Notes()
        let context = DriverContext(runID: "conformance", log: .none) { exchange in
            if "\(exchange)".contains(Self.canary) { notes.add("a recorded exchange holds the token") }
        }
        _ = await driver.observe(request, context)
        notes.add(watch.writes.map { "observe sent \($0)" })

        for creation in creations { await apply(creation, driver, context, notes) }
        watch.reset()
        for creation in creations { await apply(creation, driver, context, notes) }
        notes.add(watch.writes.map { "applied again, it sent \($0)" })

        watch.reset()
        let seen = ObservedState(await driver.observe(request, context))
        for creation in creations { notes.add(Self.mismatch(creation, driver, seen)) }

        for round in 1...2 {
            for creation in creations.reversed() {
                await remove(creation, seen, driver, context, notes, round: round)
            }
        }
        let after = ObservedState(await driver.observe(request, context))
        for creation in creations where after.kinds[creation.change.key.kind]?.has(creation.change.key) == true {
            // What takes no request to delete goes with its parent.
            let schema = driver.schemas.first { $0.kind == creation.change.key.kind }
            if schema?.requests(.delete, []) != 0 {
                notes.add("\(creation.change.key) was deleted and is still there")
            }
        }
        return notes.all
    }

    /// Every status and every broken connection: never a complete list, never a step that is done, never a secret.
    public func fail() async -> [String] {
        let notes = Notes()
        let context = DriverContext(runID: "conformance", log: .none) { exchange in
            if "\(exchange)".contains(Self.canary) { notes.add("a recorded exchange holds the token") }
        }
        for failure in FailingTransport.all where !(hasBareLists && failure.name == "a list") {
            let driver = makeDriver(failure, Secret(Self.canary))
            for kind in await driver.observe(request, context) {
                if kind.completeness.isComplete { notes.add("\(failure.name): \(kind.kind) is complete") }
                Self.checkText("\(kind.completeness)", failure.name, notes)
            }
            for creation in creations {
                for step in driver.steps(for: creation.change) {
                    switch await driver.perform(step, of: creation, context) {
                    case .done: notes.add("\(failure.name): \(step.id) \(step.operation) is done")
                    case .failed(let fault), .unknown(let fault): Self.check(fault, failure.name, notes)
                    }
                }
                switch await driver.look(at: creation.change.key, context) {
                case .present, .ambiguous: notes.add("\(failure.name): \(creation.change.key) was seen")
                case .absent where failure.status != 404: notes.add("\(failure.name): \(creation.change.key) is absent")
                case .absent: break
                case .unknown(let fault): Self.check(fault, failure.name, notes)
                }
            }
        }
        return notes.all
    }

    // MARK: A small engine

    private func apply(
        _ wanted: ResolvedChange, _ driver: any Driver, _ context: DriverContext, _ notes: Notes
    ) async {
        var current: ObservedResource?
        for step in driver.steps(for: wanted.change) {
            if current == nil {
                switch await driver.look(at: wanted.change.key, context) {
                case .present(let found): current = found
                case .absent: break
                case .ambiguous(let found): notes.add("\(wanted.change.key) is there \(found.count) times")
                case .unknown(let fault): notes.add("looking for \(wanted.change.key): \(fault)")
                }
                if let found = current, driver.differences(wanted, found).isEmpty { return }
            }
            let change = ResolvedChange(change: wanted.change, wanted: wanted.wanted, current: current)
            switch await driver.perform(step, of: change, context) {
            case .done(let resource): current = resource
            case .failed(let fault): notes.add("\(step.id) failed: \(fault)")
            case .unknown(let fault): notes.add("\(step.id) is unknown: \(fault)")
            }
        }
    }

    private func remove(
        _ wanted: ResolvedChange, _ seen: ObservedState, _ driver: any Driver, _ context: DriverContext, _ notes: Notes,
        round: Int
    ) async {
        let key = wanted.change.key
        let current = seen.kinds[key.kind]?.resources.first { $0.key == key }
        let change = ResolvedChange(change: wanted.change.deletion, wanted: Attributes(), current: current)
        let steps = driver.steps(for: change.change)
        for step in steps {
            switch await driver.perform(step, of: change, context) {
            case .done(nil): break
            // What comes before the deletion itself, such as to detach, leaves it there.
            case .done where step.id != steps.last?.id: break
            case .done: notes.add("\(step.id) deleted and gave an object back")
            case .failed(let fault), .unknown(let fault): notes.add("\(step.id), time \(round): \(fault)")
            }
        }
    }

    private static func mismatch(
        _ wanted: ResolvedChange, _ driver: any Driver, _ seen: ObservedState
    ) -> [String] {
        let key = wanted.change.key
        guard let kind = seen.kinds[key.kind] else { return ["\(key.kind) was not observed"] }
        guard kind.completeness.isComplete else { return ["\(key.kind) is \(kind.completeness)"] }
        let found = kind.resources.filter { $0.key == key }
        guard found.count == 1 else { return ["\(key) is there \(found.count) times"] }
        return driver.differences(wanted, found[0]).map { "\(key): \($0) is not as it was applied" }
    }

    private static func check(_ fault: ProviderFault, _ name: String, _ notes: Notes) {
        let parts = fault.code.split(separator: "-")
        if parts.count != 2 || parts.last?.count != 4 { notes.add("\(name): \(fault.code) is no code") }
        checkText("\(fault)", name, notes)
    }

    private static func checkText(_ text: String, _ name: String, _ notes: Notes) {
        if text.contains(canary) { notes.add("\(name): the token is in a message") }
    }
}

extension Driver {
    fileprivate func differences(_ wanted: ResolvedChange, _ found: ObservedResource) -> [String] {
        schemas.first { $0.kind == found.key.kind }?
            .differences(wanted: wanted.wanted, observed: found.attributes) ?? ["kind"]
    }
}

extension PlannedChange {
    fileprivate var deletion: PlannedChange {
        PlannedChange(key: key, action: .delete, reason: "no longer wanted", cause: cause)
    }
}

extension ObservedKind {
    fileprivate func has(_ key: ResourceKey) -> Bool { resources.contains { $0.key == key } }
}
