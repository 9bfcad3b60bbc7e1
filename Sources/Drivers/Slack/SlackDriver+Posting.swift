public import Basics
public import Drivers

extension SlackDriver: MessagePosting {
    public func post(
        _ text: String, in channel: String, key: String, since: Timestamp, _ context: DriverContext
    ) async -> Result<String, ProviderFault> {
        await put(SlackMessage(channel: channel, key: key, text: text), since: since, context)
            .map { "\($0.channel)/\($0.ts)" }
    }
}
