internal import Basics
internal import Diff
internal import Drivers
internal import Formats
internal import HTTPClient

extension DigitalOceanDriver {
    /// Sees that a droplet can have the wanted size, before it is powered off for it.
    ///
    /// A disk never shrinks: a size with a smaller one is refused, and the droplet would stay off for nothing.
    ///
    /// - Throws: a fault that says why the size can't be had; nothing has happened then.
    func requireSizeFits(
        _ step: Step, _ change: ResolvedChange, _ context: DriverContext
    ) async throws(ProviderFault) {
        guard let size = change.wanted["size"]?.stringValue else { return }
        let current = change.current?.attributes
        if current?["size"].map(Mapping.realSize) == .string(size) { return }
        var isKnown = false
        try await eachSize(context) { found throws(ProviderFault) in
            guard found["slug"].holds(size) else { return false }
            isKnown = true
            if let disk = found["disk"].int, let has = current?["disk_gb"]?.intValue, disk < has {
                throw impossible(
                    step, "\(size) has a disk of \(disk) GB and the droplet has \(has) GB: a disk never shrinks")
            }
            if found["available"].bool == false { throw impossible(step, "\(size) is not available") }
            if let region = current?["region"]?.stringValue, let regions = found["regions"].items,
                !regions.contains(where: { $0.holds(region) })
            {
                throw impossible(step, "\(size) is not available in \(region)")
            }
            return true
        }
        guard isKnown else { throw impossible(step, "DigitalOcean knows no size \(size)") }
    }

    /// Powers a droplet on after its resize was refused, so that it is not left off.
    func powerOnAgain(
        _ path: String, _ fault: ProviderFault, _ number: Int64, _ context: DriverContext
    ) async -> ProviderFault {
        let call = ProviderCall("droplets.power_on", "POST", path, permission: "droplet:update")
        var isOn = false
        if let answer = try? await sendWhenReady(
            call, body: ["type": "power_on"], until: limits.actionDeadline, context),
            let action = answer.root?["action"]["id"].int
        {
            isOn = (try? await waitForAction(action, call, context)) != nil
        }
        return ProviderFault(
            provider: fault.provider, operation: fault.operation, code: fault.code,
            message: fault.message + (isOn ? "; the droplet is on again" : "; the droplet may still be off"),
            place: fault.place, hint: fault.hint, status: fault.status, providerCode: fault.providerCode,
            requestID: fault.requestID, disposition: fault.disposition)
    }
}
