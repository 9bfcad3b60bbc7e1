import Basics
import Formats

extension DesiredState {
    /// Leaves out what holds a masked secret, and makes it unknown.
    ///
    /// A text that a reader asked for has failed by then; this is for names that are keys of mappings, and for whatever
    /// is taken over as a whole. What would be named after the secret has no name that could be told, so nothing of its
    /// kind goes.
    mutating func leaveOutSecrets(_ report: Report) {
        let code = Code.pastedSecret.rawValue
        resources.removeAll { resource in
            if PastedSecret.isMasked(in: resource.key.name) {
                let reason = "a \(resource.key.kind) is named after a secret in plain text"
                report.keep(.kind(resource.key.kind), Cause(code: code, reason: reason, mark: resource.source))
                return true
            }
            guard resource.holdsMask else { return false }
            let reason = "\(resource.key) holds a secret in plain text"
            report.unknown(.resource(resource.key), Cause(code: code, reason: reason, mark: resource.source))
            return true
        }
        for scope in report.unknown {
            let cause = Cause(code: scope.code, reason: scope.reason, mark: scope.mark)
            switch scope.extent {
            case .resource(let key) where PastedSecret.isMasked(in: key.name): report.keep(.kind(key.kind), cause)
            case .environment(let slug) where PastedSecret.isMasked(in: slug): report.keep(.environments, cause)
            case .everything, .kind, .resource, .environment, .environments: break
            }
        }
    }
}

extension DesiredResource {
    fileprivate var holdsMask: Bool {
        attributes.contains { attribute in
            switch attribute.value {
            case .literal(let value): value.holdsMask
            case .reference(let key, _): PastedSecret.isMasked(in: key.name)
            }
        } || dependsOn.contains { PastedSecret.isMasked(in: $0.name) }
    }
}

extension Value {
    fileprivate var holdsMask: Bool {
        switch self {
        case .string(let text): PastedSecret.isMasked(in: text)
        case .list(let items): items.contains(where: \.holdsMask)
        case .object(let object):
            object.members.contains { PastedSecret.isMasked(in: $0.name) || $0.value.holdsMask }
        case .null, .bool, .int, .number: false
        }
    }
}
