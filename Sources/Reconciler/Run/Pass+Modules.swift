import Basics
import DesiredState
import Diff
import Drivers
import Formats
import HTTPClient
import Store

/// Looks which modules Odoo has installed, for people: nothing is planned by it.
extension Pass {
    /// How many databases one pass looks into at the most; the others have their turn in the next ones.
    private static let mostModuleLooks = 20
    /// After so long it leaves the rest for the next pass.
    private static let longestModuleLook = Duration.seconds(10)

    /// Looks into the databases of environments that were not looked into for a while, those first that waited longest.
    ///
    /// No pass fails for it, and nothing of a pass waits for it: it comes when all else is done.
    mutating func keepModules() async {
        guard let desired, let observed, options.targets.isEmpty else { return }
        let began = reconciler.time.uptime
        let questions = reconciler.moduleQuestions(desired, observed).filter { [share] in
            share.owns(environment: $0.environment)
        }
        // Of what is asked about no more, such as a preview that has ended, nothing is kept.
        let environments = Set(questions.map(\.environment))
        reconciler.moduleLooks.withLock { looks in looks = looks.filter { environments.contains($0.key) } }
        let context = reconciler.context(of: run.id, .resync)
        for question in reconciler.due(questions).prefix(Self.mostModuleLooks) {
            guard reconciler.time.uptime - began < Self.longestModuleLook, !stop.isRaised else { return }
            // Of what this pass has made or deleted the next one sees whether it is there.
            if applied.left[question.database] != nil { continue }
            reconciler.moduleLooks.withLock { [reconciler] in
                $0[question.environment] = reconciler.time.now
            }
            do throws(StoreFault) {
                try await look(question, context)
            } catch {
                reconciler.log.warning(
                    "the modules of an environment could not be kept",
                    ["run.id": run.id, "environment": question.environment, "fault": error.description])
                return
            }
        }
    }

    private mutating func look(
        _ question: ModuleQuestion, _ context: DriverContext
    ) async throws(StoreFault) {
        guard question.isThere else {
            _ = try await reconciler.store.forgetModules(of: question.environment)
            return
        }
        let sight: ModuleSight
        switch await question.driver.modules(in: question.name, context) {
        case .success(let census): sight = .census(census)
        case .failure(let fault):
            sight = .problem("\(fault.code): \(fault.message)\(fault.hint.map { "; \($0)" } ?? "")")
        }
        guard
            try await reconciler.store.keepModules(sight, of: question.environment, in: question.database)
        else { return }
        var payload: Value.Object = ["environment": .string(question.environment)]
        switch sight {
        case .census(.modules(let modules)): payload["installed"] = .int(Int64(modules.count))
        case .census(.notInitialised): payload["installed"] = 0
        case .problem(let problem): payload["problem"] = .string(problem)
        }
        note("modules", .object(payload))
    }
}

/// One database to look into.
struct ModuleQuestion: Sendable {
    let environment: String
    /// The resource that is its database.
    let database: ResourceKey
    /// What the server calls it.
    let name: String
    /// False: it was seen that it is not there.
    let isThere: Bool
    let driver: any ModuleListing
}

extension Reconciler {
    /// The databases of environments that a driver can look into, sorted by environment, one for each.
    ///
    /// Of which nobody has seen whether they are there is not asked.
    func moduleQuestions(_ desired: DesiredState, _ observed: ObservedState) -> [ModuleQuestion] {
        guard drivers.contains(where: { $0 is any ModuleListing }) else { return [] }
        var questions: [String: ModuleQuestion] = [:]
        for resource in desired.resources {
            guard let environment = resource.environment, questions[environment] == nil,
                let (name, driver) = moduleDriver(of: resource.key, observed)
            else { continue }
            let isThere = observed.resource(resource.key) != nil
            guard isThere || observed.kinds[resource.key.kind]?.completeness(of: resource.key.name).isComplete == true
            else { continue }
            questions[environment] = ModuleQuestion(
                environment: environment, database: resource.key, name: name, isThere: isThere, driver: driver)
        }
        return questions.values.sorted { $0.environment.precedesByBytes($1.environment) }
    }

    /// Those that were not asked within the interval, the longest ago first.
    fileprivate func due(_ questions: [ModuleQuestion]) -> [ModuleQuestion] {
        let now = time.now
        let looks = moduleLooks.withLock { $0 }
        return questions.filter { question in
            guard let last = looks[question.environment] else { return true }
            // A clock that was set back must not stop it for as long as it was ahead.
            return now - last >= moduleInterval || now < last
        }.map { (looks[$0.environment], $0) }.sorted { a, b in
            guard a.0 != b.0 else { return a.1.environment.precedesByBytes(b.1.environment) }
            guard let first = a.0, let second = b.0 else { return a.0 == nil }
            return first < second
        }.map(\.1)
    }

    /// Who can look into a database, and what its server calls it; nil where nobody can.
    fileprivate func moduleDriver(
        of key: ResourceKey, _ observed: ObservedState
    ) -> (name: String, driver: any ModuleListing)? {
        switch key.kind {
        case .serverDatabase:
            guard let driver = driver(for: key.kind) as? any ModuleListing else { return nil }
            return (key.name, driver)
        case .database:
            // A cluster's database, where the credential leads to that very cluster.
            let parts = key.name.split(separator: "/", maxSplits: 1).map(String.init)
            guard parts.count == 2, let cluster = observed.resource(ResourceKey(.databaseCluster, parts[0])),
                let host = cluster.attributes["host"]?.stringValue, let port = cluster.attributes["port"]?.intValue
            else { return nil }
            // DigitalOcean gives each cluster a second name for its private network (its manual, "Connect to a cluster").
            let names = ["\(host):\(port)", "private-\(host):\(port)"]
            let driver = drivers.lazy.compactMap { $0 as? any ModuleListing }.first {
                $0.server.map(names.contains) == true
            }
            return driver.map { (parts[1], $0) }
        default: return nil
        }
    }
}

/// Of which environments it can be seen which modules Odoo has installed.
public struct ModuleReach: Sendable {
    /// The resource that is an environment's database.
    private let databases: [String: ResourceKey]
    private let reached: Set<String>
    /// Databases on a server that no credential leads to.
    private let elsewhere: Set<ResourceKey>
    private let server: String?
    private let hasServer: Bool

    public init(_ reconciler: Reconciler, _ outlook: Outlook) {
        let listing = reconciler.drivers.lazy.compactMap { $0 as? any ModuleListing }.first
        hasServer = listing != nil
        server = listing?.server
        reached = Set(reconciler.moduleQuestions(outlook.desired, outlook.observed).map(\.environment))
        var databases: [String: ResourceKey] = [:]
        var elsewhere: Set<ResourceKey> = []
        for resource in outlook.desired.resources
        where resource.key.kind == .serverDatabase || resource.key.kind == .database {
            guard let environment = resource.environment, databases[environment] == nil else { continue }
            databases[environment] = resource.key
            guard listing != nil, reconciler.moduleDriver(of: resource.key, outlook.observed) == nil else { continue }
            elsewhere.insert(resource.key)
        }
        self.databases = databases
        self.elsewhere = elsewhere
    }

    /// Why no pass looks which modules an environment has installed; nil where one does, as soon as it is due.
    public func silence(of environment: String) -> String? {
        if reached.contains(environment) { return nil }
        guard let database = databases[environment] else { return "no document names a database for it" }
        guard hasServer else { return "no PostgreSQL server is configured: set POSTGRES_ADMIN_URL" }
        guard !elsewhere.contains(database) else {
            return "the database \(database.name) is on another server than \(server ?? "that of POSTGRES_ADMIN_URL")"
        }
        return "nobody has seen whether the database \(database.name) is there"
    }
}
