public import Basics
public import DesiredState
public import Diff

/// A driver of a provider whose faults speak by ``ProviderNames``: what such drivers have in common.
public protocol ProviderDriver: Driver {
    /// How its faults speak.
    static var names: ProviderNames { get }

    /// Every object that answers to a key.
    ///
    /// - Throws: a fault where that can't be told.
    func find(_ key: ResourceKey, _ context: DriverContext) async throws(ProviderFault) -> [ObservedResource]
}

extension ProviderDriver {
    public var provider: String { Self.names.provider }

    /// The one object of a key; of several, the one that carries our mark.
    public func look(at key: ResourceKey, _ context: DriverContext) async -> LookOutcome {
        do throws(ProviderFault) {
            let found = try await find(key, context)
            guard found.count > 1 else { return found.first.map(LookOutcome.present) ?? .absent }
            let owned = found.filter(\.isOwned)
            return owned.count == 1 ? .present(owned[0]) : .ambiguous(found)
        } catch {
            return .unknown(error)
        }
    }

    // MARK: Faults

    /// A fault of the provider.
    public func fault(
        _ problem: ProviderProblem, _ call: ProviderCall, _ message: String, hint: String? = nil, status: Int = 0,
        providerCode: String? = nil, requestID: String? = nil, _ disposition: Disposition
    ) -> ProviderFault {
        Self.names.fault(
            problem, call, message, hint: hint, status: status, providerCode: providerCode, requestID: requestID,
            disposition)
    }

    /// What no answer of the provider can mend.
    public func impossible(_ step: Step, _ message: String, hint: String? = nil) -> ProviderFault {
        fault(.impossible, ProviderCall(step), message, hint: hint, .waitForNewCommit)
    }

    /// What was to be changed is not there.
    public func gone(_ step: Step, _ what: String? = nil) -> ProviderFault {
        fault(
            .notFound, ProviderCall(step), "\(what ?? step.key.name) is not there any more",
            hint: "run `reconcile --dry-run`: the next plan creates it again", status: 404, .observeAgain)
    }

    // MARK: What effects share

    /// The provider's id of what a change is about: known from the observation, or looked up; nil where it isn't there.
    ///
    /// - Throws: a fault where several share the name.
    public func providerID(
        _ step: Step, _ change: ResolvedChange, _ context: DriverContext
    ) async throws(ProviderFault) -> String? {
        if let id = change.current?.providerID ?? change.change.providerID { return id }
        let found = try await find(step.key, context)
        guard found.count < 2 else {
            throw fault(
                .ambiguous, ProviderCall(step), "\(found.count) objects are named \(step.key.name)",
                hint: "rename all but one of them at \(Self.names.title)", .stop)
        }
        return found.first?.providerID
    }

    /// The same, of something that has to be there.
    public func requireID(
        _ step: Step, _ change: ResolvedChange, _ context: DriverContext
    ) async throws(ProviderFault) -> String {
        guard let id = try await providerID(step, change, context) else { throw gone(step) }
        return id
    }

    /// Takes what stands under a unique name already as ours when it is as wanted.
    ///
    /// - Parameters:
    ///   - refusal: the provider's answer to the create.
    ///   - step: of the create.
    ///   - change: what is wanted.
    ///   - context: where the call comes from.
    /// - Returns: done, with what is there.
    /// - Throws: the refusal where nothing can be seen there, and `nameTaken` where something else is.
    public func adoptDuplicate(
        _ refusal: ProviderFault, _ step: Step, _ change: ResolvedChange, _ context: DriverContext
    ) async throws(ProviderFault) -> StepOutcome {
        // A look that fails says nothing against the refusal.
        guard let found = try? await find(step.key, context), found.count == 1,
            let schema = schemas.first(where: { $0.kind == step.key.kind })
        else { throw refusal }
        let differing = schema.differences(wanted: change.wanted, observed: found[0].attributes)
        guard differing.isEmpty else {
            throw fault(
                .nameTaken, ProviderCall(step),
                "\(step.key.name) exists already, with another \(differing.joined(separator: ", "))",
                hint: "run `reconcile --dry-run`: the next plan shows it as an update", status: refusal.status,
                .observeAgain)
        }
        return .done(found[0])
    }

    /// Ends an effect that the provider has accepted: what can't be seen from here on is unknown and not undone.
    ///
    /// - Parameters:
    ///   - end: the problem by which the provider says that it came to nothing.
    ///   - body: waits, and gives what is there now.
    /// - Returns: done, failed by that problem, or unknown.
    public func settle(
        failing end: ProviderProblem? = nil, _ body: () async throws(ProviderFault) -> ObservedResource?
    ) async -> StepOutcome {
        do throws(ProviderFault) {
            return .done(try await body())
        } catch {
            return end != nil && error.problem == end ? .failed(error) : .unknown(error)
        }
    }
}

extension ResourceKey {
    /// `cluster` of `cluster/user`; the whole name where there is no slash.
    public var parentName: String { String(name.prefix { $0 != "/" }) }

    /// `user` of `cluster/user`; what follows the first slash.
    public var childName: String { String(name.drop { $0 != "/" }.dropFirst()) }
}
