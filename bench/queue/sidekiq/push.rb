# ruby push.rb NUMBER: stores so many jobs, a thousand at a time.
require_relative "nothing"

text = "forty-five bytes of data, as it is measured"
Integer(ARGV.fetch(0)).times.each_slice(1000) do |numbers|
  Sidekiq::Client.push_bulk("class" => Nothing, "args" => numbers.map { |number| [number, text] })
end
