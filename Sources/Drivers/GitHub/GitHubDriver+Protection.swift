internal import Basics
internal import DesiredState
internal import Diff
internal import Drivers
internal import Formats
internal import HTTPClient

extension GitHubDriver {
    private static let permission = "Administration: write"

    /// Reads what is in force and puts it back with what is wanted: a PUT replaces everything.
    func protect(_ effect: Effect) async throws(ProviderFault) -> StepOutcome {
        let current = try await protectionDocument(of: effect.rest, in: effect.repository, effect.context)
        let body: Value
        do throws(Protection.Mismatch) {
            body = try Protection.body(current: current, wanted: effect.wanted)
        } catch {
            throw impossible(effect.step, error.text)
        }
        _ = try await api.send(call(effect, "protection.put", "PUT"), body: body, effect.context)
        return await seen(effect)
    }

    func unprotect(_ effect: Effect) async throws(ProviderFault) -> StepOutcome {
        do throws(ProviderFault) {
            _ = try await api.send(call(effect, "protection.delete", "DELETE"), effect.context)
        } catch {
            // Gone already, or hidden from the token: the look tells which.
            guard error.isNotFound else { throw error }
            if try await protectionDocument(of: effect.rest, in: effect.repository, effect.context) != nil {
                throw error
            }
        }
        return .done(nil)
    }

    func setSignatures(_ effect: Effect, _ isRequired: Bool) async throws(ProviderFault) -> StepOutcome {
        let call = call(
            effect, "protection.signatures", isRequired ? "POST" : "DELETE", below: "/required_signatures")
        do throws(ProviderFault) {
            _ = try await api.send(call, effect.context)
        } catch {
            guard error.isNotFound, !isRequired else { throw error }
        }
        return await seen(effect)
    }

    /// Merge methods are the repository's: they are set where the branch is its default, on which all merges end.
    func setMergeMethods(_ effect: Effect) async throws(ProviderFault) -> StepOutcome {
        let known = ["merge": "allow_merge_commit", "rebase": "allow_rebase_merge", "squash": "allow_squash_merge"]
        let methods = (effect.wanted["allowed_merge_methods"]?.listValue ?? []).compactMap(\.stringValue)
        guard !methods.isEmpty, methods.allSatisfy({ known[$0.lowercased()] != nil }) else {
            throw impossible(effect.step, "allowed_merge_methods has to name some of merge, rebase and squash")
        }
        let settings = try await readRepository(effect.repository, effect.context).attributes
        guard settings["default_branch"]?.stringValue == effect.rest else {
            throw impossible(
                effect.step,
                "merge methods are the whole repository's, and \(effect.rest) is not its default branch")
        }
        var body = Value.Object()
        for name in known.keys.sorted() {
            guard let member = known[name] else { continue }
            body[member] = .bool(methods.contains { $0.lowercased() == name })
        }
        _ = try await api.send(
            effect.call("repos.update", "PATCH", "", Self.permission), body: .object(body), effect.context)
        return await seen(effect)
    }

    private func seen(_ effect: Effect) async -> StepOutcome {
        await settle { () throws(ProviderFault) in
            guard let found = try await readProtection(of: effect.rest, in: effect.repository, effect.context) else {
                throw fault(
                    .brokenAnswer, effect.call, "the protection was accepted and is not there", .observeAgain)
            }
            return found
        }
    }

    private func call(_ effect: Effect, _ operation: String, _ method: String, below: String = "") -> ProviderCall {
        effect.call(
            operation, method, "/branches/\(effect.rest.percentEncoded)/protection\(below)", Self.permission)
    }
}
