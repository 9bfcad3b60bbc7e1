import Basics
import DesiredState
import Diff
import Drivers
import Formats
import HTTPClient
import Store

/// Looks which modules Odoo has installed, for people: nothing is planned by it.
extension Pass {
    /// How many databases of one server one pass looks into at the most; the others have their turn in the next ones.
    private static let mostModuleLooks = 20
    /// After so long it leaves the rest for the next pass.
    private static let longestModuleLook = Duration.seconds(10)

    /// Looks into the databases of environments that were not looked into for a while, those first that waited longest.
    ///
    /// No pass fails for it, and nothing of a pass waits for it: it comes when all else is done. Each server is asked beside the
    /// others, so that one which is slow or away takes nobody's time but its own.
    mutating func keepModules() async {
        guard let desired, let observed, options.targets.isEmpty else { return }
        let began = reconciler.time.uptime
        let questions = reconciler.moduleQuestions(desired, observed).filter { [share] in
            share.owns(environment: $0.environment)
        }
        // Of what is asked about no more, such as a preview that has ended, nothing is kept.
        let environments = Set(questions.map(\.environment))
        reconciler.moduleLooks.withLock { looks in looks = looks.filter { environments.contains($0.key) } }
        // Of what this pass has made or deleted the next one sees whether it is there.
        let due = reconciler.due(questions).filter { applied.left[$0.database] == nil }
        var queue = ModuleQueue(due, most: Self.mostModuleLooks)
        let context = reconciler.context(of: run.id, .resync)
        await withTaskGroup(of: ModuleAnswer.self) { group in
            /// Asks a server for its next database.
            func ask(_ server: String?) {
                guard reconciler.time.uptime - began < Self.longestModuleLook, !stop.isRaised,
                    let question = queue.next(of: server)
                else { return }
                reconciler.noteModuleLook(question)
                group.addTask { await question.answer(context) }
            }
            for server in queue.servers { ask(server) }
            while let answer = await group.next() {
                let question = answer.question
                do throws(StoreFault) {
                    try await keep(answer)
                    if answer.isOfServer { try await keepSilence(of: answer, for: queue.rest(of: question.cluster)) }
                } catch {
                    reconciler.log.warning(
                        "the modules of an environment could not be kept",
                        ["run.id": run.id, "environment": question.environment, "fault": error.description])
                    queue.end()
                }
                ask(question.cluster)
            }
        }
    }

    private mutating func keep(_ answer: ModuleAnswer) async throws(StoreFault) {
        let question = answer.question
        guard let sight = answer.sight else {
            _ = try await reconciler.store.forgetModules(of: question.environment)
            return
        }
        guard
            try await reconciler.store.keepModules(sight, of: question.environment, in: question.database)
        else { return }
        var payload: Value.Object = ["environment": .string(question.environment)]
        if let cluster = question.cluster { payload["server"] = .string(cluster) }
        switch sight {
        case .census(.modules(let modules)): payload["installed"] = .int(Int64(modules.count))
        case .census(.notInitialised): payload["installed"] = 0
        case .problem(let problem): payload["problem"] = .string(problem)
        }
        note("modules", .object(payload))
    }

    /// Of whom a server that shows nothing tells nothing either; they needn't be asked for one by one.
    private mutating func keepSilence(
        of answer: ModuleAnswer, for others: [ModuleQuestion]
    ) async throws(StoreFault) {
        let unknown = ([answer.question] + others.filter(\.isThere)).map(\.environment)
        var problem = ""
        if case .problem(let text) = answer.sight { problem = text }
        reconciler.log.warning(
            "a server shows no modules",
            [
                "run.id": run.id, "server": answer.question.cluster ?? answer.question.server ?? "",
                "environments": unknown.joined(separator: ", "), "problem": problem,
            ])
        for question in others {
            reconciler.noteModuleLook(question)
            try await keep(ModuleAnswer(question: question, sight: question.isThere ? answer.sight : nil))
        }
    }
}

/// What came of one question.
private struct ModuleAnswer: Sendable {
    let question: ModuleQuestion
    /// Nil: it was seen that the database is not there.
    let sight: ModuleSight?
    /// Whether the server's other databases show nothing either.
    var isOfServer = false
}

extension ModuleQuestion {
    fileprivate func answer(_ context: DriverContext) async -> ModuleAnswer {
        guard isThere else { return ModuleAnswer(question: self, sight: nil) }
        switch await listing.modules(in: name, context) {
        case .success(let census): return ModuleAnswer(question: self, sight: .census(census))
        case .failure(let fault):
            let problem = "\(fault.code): \(fault.messageAndHint)"
            return ModuleAnswer(question: self, sight: .problem(problem), isOfServer: listing.isOfServer(fault))
        }
    }
}

/// What is still to be asked, in a line for each server.
private struct ModuleQueue {
    private var lines: [String?: ArraySlice<ModuleQuestion>]
    /// How many of each line may still be asked.
    private var left: [String?: Int]

    init(_ questions: [ModuleQuestion], most: Int) {
        lines = Dictionary(grouping: questions, by: \.cluster).mapValues { $0[...] }
        left = lines.mapValues { _ in most }
    }

    /// In the order of their names, that of a driver first.
    var servers: [String?] { lines.keys.sorted { ($0 ?? "").precedesByBytes($1 ?? "") } }

    mutating func next(of server: String?) -> ModuleQuestion? {
        guard let count = left[server], count > 0, let question = lines[server]?.popFirst() else { return nil }
        left[server] = count - 1
        return question
    }

    /// All that would still have been asked of a server, now or in a later pass; nothing is left.
    mutating func rest(of server: String?) -> [ModuleQuestion] {
        defer { lines[server] = nil }
        return Array(lines[server] ?? [])
    }

    mutating func end() { lines = [:] }
}

extension Reconciler {
    /// The databases of environments that can be looked into, sorted by environment, one for each.
    func moduleQuestions(_ desired: DesiredState, _ observed: ObservedState) -> [ModuleQuestion] {
        guard !moduleServers.isEmpty || drivers.contains(where: { $0 is any ModuleListing }) else { return [] }
        return moduleSources(desired, observed).questions.values.sorted {
            $0.environment.precedesByBytes($1.environment)
        }
    }

    fileprivate func noteModuleLook(_ question: ModuleQuestion) {
        moduleLooks.withLock { $0[question.environment] = time.now }
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
}
