import Basics
import Formats

extension Simulator {
    /// What is written to the state file.
    struct Kept: Sendable {
        let version: UInt64
        let world: World
        let hosts: [String: AccountHost]

        init(_ state: State) {
            version = state.version
            world = state.provider.world
            hosts = state.hosts
        }

        var document: Value {
            guard !hosts.isEmpty, var object = world.value.objectValue else { return world.value }
            var providers = Value.Object()
            for name in hosts.keys.sorted() {
                providers[name] = hosts[name]?.account.value
            }
            object["providers"] = .object(providers)
            return .object(object)
        }
    }

    func saveNow() {
        guard options.statePath != nil else { return }
        save(state.withLock { Kept($0) })
    }

    /// Why the state could not be written the last time; nil when it was.
    public var saveFault: SimulatorFault? { saved.withLock { $0.fault } }

    func save(_ kept: Kept) {
        guard let path = options.statePath else { return }
        let bytes = [UInt8](json: kept.document)
        // Two answers can end in any order; the older state never replaces the newer one.
        saved.withLock { saved in
            guard kept.version > saved.version else { return }
            do throws(FileSystemFault) {
                try FileSystem.write(bytes, to: path, mode: 0o600)
                saved = (kept.version, nil)
            } catch {
                saved.fault = .notSaved(path, error.message)
            }
        }
    }

    /// The kept state; nil when there is none.
    static func load(_ path: String) throws(SimulatorFault) -> Value? {
        guard FileSystem.exists(path) else { return nil }
        do {
            return try JSON.parse(FileSystem.read(path))
        } catch let fault as any Fault {
            throw .unreadableState(path, fault.message)
        } catch {
            throw .unreadableState(path, "\(error)")
        }
    }

    /// A provider's account: as kept, or new.
    static func account(
        _ type: any SimulatedProvider.Type, _ kept: Value?, options: SimulatorOptions
    ) throws(SimulatorFault) -> any SimulatedProvider {
        let limits = options.limits == .generous ? AccountLimits.generous : .published
        guard let kept else { return type.init(seed: options.seed, now: options.time.now, limits: limits) }
        guard let account = type.init(kept, seed: options.seed, limits: limits) else {
            throw .unreadableState(options.statePath ?? "", "what it holds of \(type.name) is no account")
        }
        return account
    }
}
