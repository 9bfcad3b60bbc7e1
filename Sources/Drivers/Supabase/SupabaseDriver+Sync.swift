internal import Basics
internal import DesiredState
internal import Diff
public import Drivers
internal import Formats

extension SupabaseDriver: SecretSyncing {
    /// Values are compared by their SHA-256; those of the project are never read.
    ///
    /// What was set is looked at again, also where no answer told what became of it: only digests that are there now count
    /// as pushed.
    public func syncSecrets(
        _ wishes: [SecretWish], to reference: String? = nil, _ context: DriverContext
    ) async -> SecretSyncOutcome {
        var outcome = SecretSyncOutcome()
        var seen: Set<String> = []
        let wishes = wishes.filter { seen.insert($0.name).inserted }.sorted { $0.name.precedesByBytes($1.name) }
        outcome.left = wishes
        do throws(ProviderFault) {
            let project: String
            if let reference { project = reference } else { project = try await defaultProject(context) }
            outcome.project = project
            if let own = wishes.first(where: { $0.name.hasPrefix("SUPABASE_") }) {
                throw fault(
                    .impossible, setting(of: project),
                    "\(own.name): names that begin with SUPABASE_ are Supabase's own", hint: "choose another name",
                    .waitForNewCommit)
            }
            let before = try await digests(of: project, context)
            var deliveries: [Delivery] = []
            for wish in wishes {
                guard let value = resolve(wish.reference) else {
                    outcome.missing.append(wish.name)
                    continue
                }
                let delivery = Delivery(wish: wish, value: value, digest: value.reveal { Digest(of: $0).hex })
                if before[wish.name] == delivery.digest {
                    outcome.unchanged.append(wish.name)
                } else {
                    deliveries.append(delivery)
                }
            }
            outcome.left = deliveries.map(\.wish)
            guard !deliveries.isEmpty else { return outcome }
            let doubt = try await attempt(deliveries, at: project, context)
            let arrived = try await arrived(deliveries, at: project, after: doubt, context)
            outcome.pushed = deliveries.map(\.wish.name).filter(arrived.contains)
            outcome.left = deliveries.map(\.wish).filter { !arrived.contains($0.name) }
            guard !outcome.left.isEmpty else { return outcome }
            throw notThere(outcome, after: doubt, at: project)
        } catch {
            outcome.fault = error
        }
        return outcome
    }

    /// A secret that is about to be set.
    private struct Delivery: Sendable {
        let wish: SecretWish
        let value: Secret
        let digest: String
    }

    private func setting(of project: String) -> ProviderCall {
        ProviderCall("secrets.set", "POST", projectPath(project) + "/secrets")
    }

    /// Sets them all at once.
    ///
    /// - Returns: why nobody knows whether it happened; nil where Supabase says that it did.
    /// - Throws: what says that it did not.
    private func attempt(
        _ deliveries: [Delivery], at project: String, _ context: DriverContext
    ) async throws(ProviderFault) -> ProviderFault? {
        do throws(ProviderFault) {
            try await push(deliveries.map { ($0.wish.name, $0.value) }, to: project, context)
            return nil
        } catch {
            guard error.mayHaveHappened else { throw error }
            return error
        }
    }

    /// The names whose value is there now; what isn't yet is looked for again, as an effect may come after its answer.
    private func arrived(
        _ deliveries: [Delivery], at project: String, after doubt: ProviderFault?, _ context: DriverContext
    ) async throws(ProviderFault) -> Set<String> {
        let polling = Polling(
            Self.names, time: time, firstPause: limits.firstPause, longestPause: limits.longestPause)
        var found: Set<String> = []
        do throws(ProviderFault) {
            for pause in [nil, limits.firstPause, limits.firstPause * 2] {
                if let pause { try await polling.rest(pause, setting(of: project)) }
                let now = try await digests(of: project, context)
                found = Set(deliveries.filter { now[$0.wish.name] == $0.digest }.map(\.wish.name))
                if found.count == deliveries.count { break }
            }
        } catch {
            let names = deliveries.map(\.wish.name).joined(separator: ", ")
            throw (doubt ?? error).saying(
                "\(doubt?.message ?? "accepted"); whether it is there now can't be told of \(names): \(error.reason)",
                .observeAgain)
        }
        return found
    }

    private func notThere(
        _ outcome: SecretSyncOutcome, after doubt: ProviderFault?, at project: String
    ) -> ProviderFault {
        let missing = outcome.left.map(\.name).joined(separator: ", ")
        guard let doubt else {
            return fault(
                .brokenAnswer, setting(of: project), "accepted, and not there as sent: \(missing)", .observeAgain)
        }
        let there = outcome.pushed.isEmpty ? "" : "there now: \(outcome.pushed.joined(separator: ", ")); "
        return doubt.saying("\(doubt.message); looked again, \(there)not there: \(missing)", .observeAgain)
    }

    private func digests(
        of project: String, _ context: DriverContext
    ) async throws(ProviderFault) -> [String: String] {
        var digests: [String: String] = [:]
        for secret in try await list(.supabaseSecret, of: project, context) {
            digests[secret.key.childName] = secret.attributes["value_sha256"]?.stringValue?.lowercased()
        }
        return digests
    }
}

extension ProviderFault {
    /// The same with what a second look told; the way out is told by who knows who asks.
    fileprivate func saying(_ message: String, _ disposition: Disposition) -> ProviderFault {
        ProviderFault(
            provider: provider, operation: operation, code: code, message: message, place: place, status: status,
            providerCode: providerCode, requestID: requestID, disposition: disposition, problem: problem)
    }
}
