-- An answer that refuses.  Control characters are taken out, since an error reply is one line.
local function refuse(word, text)
    return redis.error_reply(word .. ' ' .. string.gsub(text, '%c', '?'))
end

local function find_wrong_type(types)
    for i, wanted in ipairs(types) do
        local found = wanted and redis.call('TYPE', KEYS[i]).ok
        if found and found ~= 'none' and found ~= wanted then
            return refuse('WRONG_TYPE', KEYS[i] .. ' is a ' .. found .. ', not a ' .. wanted .. '.')
        end
    end
end
