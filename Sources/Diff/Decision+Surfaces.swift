internal import Basics
internal import DesiredState

/// The policy of the provider's surfaces, and the quotas of the tiers.
extension Decision {
    /// Forbidden surfaces, regions and required tags, for everything that brings an object about or takes it over.
    mutating func applySurfaceRules() {
        var lifted: [String: PolicyException] = [:]
        for index in drafts.indices where drafts[index].isAllowed {
            guard let schema = input.schemas[drafts[index].key.kind], let name = schema.surface,
                let surface = policy.surfaces[name], let breach = breach(of: surface, by: drafts[index], schema)
            else { continue }
            if let exception = policy.exception(for: name, at: input.now) {
                lifted[name] = exception
            } else {
                drafts[index].refuse(.denied, "\(breach) (\(surface.source))", as: .rule)
            }
        }
        for (name, exception) in lifted.sorted(by: { compareBytes($0.key, $1.key) < 0 }) { note(exception, on: name) }
    }

    private func breach(of surface: SurfacePolicy, by draft: Draft, _ schema: KindSchema) -> String? {
        let change = draft.change
        switch change.action {
        case .create, .replace, .adopt, .update: break
        case .noop, .delete, .forget, .read: return nil
        }
        return surface.breach(of: change.wanted) { attribute in
            guard schema.rule(attribute) != nil else { return false }
            return change.action != .update || change.attributes.contains { $0.path == attribute }
        }?.what
    }

    private mutating func note(_ exception: PolicyException, on surface: String) {
        let approver = exception.approvedBy.map { ", approved by \($0)" } ?? ""
        let until = exception.expires.map { " until \($0)" } ?? ""
        diagnostics.append(
            Diagnostic(
                .note, "PLAN-0009",
                "the rules of \(surface) are lifted\(until) by an exception\(approver): \(exception.reason)",
                at: exception.source))
    }

    // MARK: Counts

    /// Denies creations beyond the most objects that a surface may hold, counting what is there and what goes.
    mutating func capSurfaces() {
        let capped = policy.surfaces.values.filter { $0.maximumCount != nil }.sorted {
            compareBytes($0.name, $1.name) < 0
        }
        for surface in capped {
            guard let maximum = surface.maximumCount else { continue }
            let kinds = Set(input.schemas.values.filter { $0.surface == surface.name }.map(\.kind))
                .filter { !KindOrder.hasParent($0) }
            let held = kinds.reduce(0) { $0 + (input.observed.kinds[$1]?.resources.count ?? 0) }
            let going = drafts.count {
                $0.change.action == .delete && $0.isAllowed && kinds.contains($0.key.kind)
            }
            guard var room = surface.room(beside: held - going) else { continue }
            var denied = 0
            let exception = policy.exception(for: surface.name, at: input.now)
            for index in order.order
            where drafts[index].change.action == .create && drafts[index].isAllowed
                && kinds.contains(drafts[index].key.kind)
            {
                room -= 1
                guard room < 0 else { continue }
                denied += 1
                guard exception == nil else { continue }
                drafts[index].refuse(
                    .denied,
                    "the policy allows \(maximum) \(surface.name); there are \(held)\(going > 0 ? ", \(going) go" : "")"
                        + " (\(surface.source))", as: .rule)
            }
            // That there are too many already is told as a finding.
            if denied > 0, let exception { note(exception, on: surface.name) }
        }
    }

    /// Blocks droplets beyond what the account may have, which the provider would refuse one by one.
    mutating func capDroplets() {
        guard let limit = input.prices?.dropletLimit, let seen = input.observed.kinds[.droplet],
            seen.completeness.isComplete
        else { return }
        let held = seen.resources.count
        let going = drafts.count { $0.change.action == .delete && $0.isAllowed && $0.key.kind == .droplet }
        var room = limit - held + going
        for index in order.order
        where drafts[index].change.action == .create && drafts[index].isAllowed && drafts[index].key.kind == .droplet {
            room -= 1
            guard room < 0 else { continue }
            drafts[index].refuse(
                .blocked,
                "the account may have \(limit.of("droplet")); there are \(held)\(going > 0 ? ", \(going) go" : ""): remove some, "
                    + "or ask DigitalOcean to raise its limit", as: .impossible)
        }
    }

    // MARK: Quotas

    /// Denies what an environment wants beyond the quota of its tier.
    mutating func applyQuotas() {
        var breaches: [String: String] = [:]
        let holders = input.desired.resources.filter {
            $0.environment != nil && [.droplet, .container].contains($0.key.kind)
        }
        for environment in input.desired.environments {
            guard let breach = environment.quotaBreach(policy, holders) else { continue }
            breaches[environment.slug] = "\(breach.what) (\(breach.rule))"
            let place =
                breach.isOfWorkers
                ? environment.workersSource ?? environment.source : breach.ownLimit ?? environment.source
            diagnostics.append(
                Diagnostic(
                    .warning, "PLAN-0006", "environment \(environment.slug): \(breach.what)", at: place,
                    hint: "ask for less, or raise \(breach.rule)",
                    notes: place == environment.source
                        ? [] : [Diagnostic.Note("the environment is here", at: environment.source)]))
        }
        guard !breaches.isEmpty else { return }
        for index in drafts.indices where drafts[index].isAllowed {
            guard let slug = drafts[index].change.environment, let breach = breaches[slug] else { continue }
            switch drafts[index].change.action {
            case .create, .update, .replace, .adopt: drafts[index].refuse(.denied, breach, as: .rule)
            case .noop, .delete, .forget, .read: break
            }
        }
    }
}
